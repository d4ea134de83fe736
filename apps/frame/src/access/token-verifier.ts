import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { CollectionPatterns, RoleName, type Permission } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { z } from 'zod';
import type { Principal } from './principal.ts';

/** Whose tokens are taken, and what they say of roles. There is no secret to be set, and so none to be left as it was. */
export type TokenSettings = {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's keys are. */
  readonly jwksUrl: string;
  /** Its values are roles, by `roleMap` or else by their own names. */
  readonly rolesClaim: string;
  readonly roleMap: Readonly<Record<string, string>> | undefined;
  /** Patterns of collections; without the setting a token is for all. */
  readonly collectionsClaim: string | undefined;
};

/** Only signatures by a key of which the issuer has the other half. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_SKEW_S = 60;
const FETCH_MS_MAX = 2_000;
/** An unknown key id has the keys fetched anew, but not more often than this. */
const FETCH_PAUSE_MS = 30_000;
const KEYS_KEPT_MS = 600_000;
const SUBJECT_CHARACTERS_MAX = 256;

const Claim = z.union([z.string().transform((text) => text.split(' ')), z.array(z.string())]);
const Subject = z
  .string()
  .min(1)
  .max(SUBJECT_CHARACTERS_MAX)
  .regex(/^\P{Cc}+$/u);

type PermissionsOf = (roles: readonly string[]) => ReadonlySet<Permission>;

/** Tells who asks by a token of an OpenID Connect issuer. */
export class TokenVerifier {
  readonly #settings: TokenSettings;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(settings: TokenSettings) {
    this.#settings = settings;
    this.#keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
      timeoutDuration: FETCH_MS_MAX,
      cooldownDuration: FETCH_PAUSE_MS,
      cacheMaxAge: KEYS_KEPT_MS,
    });
  }

  /** Undefined when the token is not good; throws when the issuer's keys cannot be had. */
  async principalOf(token: string, permissionsOf: PermissionsOf): Promise<Principal | undefined> {
    const payload = await this.#verify(token);
    const subject = Subject.safeParse(payload?.sub);
    if (payload?.exp === undefined || !subject.success) return undefined;
    const roles = this.#rolesIn(payload);
    const collections = this.#collectionsIn(payload);
    if (collections === undefined) return undefined;
    return {
      kind: 'token',
      id: subject.data,
      name: subject.data,
      roles,
      permissions: permissionsOf(roles),
      collections,
      events: [],
      rate: undefined,
      goodUntilMs: (payload.exp + CLOCK_SKEW_S) * 1_000,
    };
  }

  async #verify(token: string): Promise<JWTPayload | undefined> {
    const { issuer, audience } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_S,
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (cause) {
      if (!isOfIssuer(cause)) return undefined;
      throw new Failure('service_unavailable', 'the keys of the issuer of tokens cannot be had', { cause });
    }
  }

  #rolesIn(payload: JWTPayload): string[] {
    const { rolesClaim, roleMap } = this.#settings;
    const values = Claim.safeParse(payload[rolesClaim]).data ?? [];
    const roles = values.flatMap((value) => {
      if (roleMap === undefined) return [value];
      return Object.hasOwn(roleMap, value) ? [roleMap[value] ?? ''] : [];
    });
    return [...new Set(roles)].filter((role) => RoleName.safeParse(role).success);
  }

  #collectionsIn(payload: JWTPayload): string[] | undefined {
    const { collectionsClaim } = this.#settings;
    if (collectionsClaim === undefined) return ['*'];
    const values = Claim.safeParse(payload[collectionsClaim] ?? []).data;
    return CollectionPatterns.safeParse(values).data;
  }
}

/** The issuer did not answer, or not with keys; anything else is the token's fault. */
function isOfIssuer(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return (
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC'
  );
}
