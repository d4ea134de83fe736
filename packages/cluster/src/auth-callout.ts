import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encodeAuthorizationResponse, encodeUser, type AuthorizationRequest } from '@nats-io/jwt';
import { createAccount, fromPublic, fromSeed, type KeyPair } from '@nats-io/nkeys';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@vectorizer/telemetry';
import { connectNats, type TlsFiles } from './connection.ts';

/** Where log servers ask who somebody is that they do not know by the certificate alone. */
const SUBJECT = '$SYS.REQ.USER.AUTH';
/** One process of all that serve answers. */
const QUEUE = 'vectorizer';
/** The account that all streams are in. */
const ACCOUNT = '$G';
/** Connections that are remembered so that they can be cut; the oldest is forgotten for a new one, and ends by its time. */
const CONNECTIONS_MAX = 10_000;
const CUT_ATTEMPTS_MAX = 5;
const CUT_PAUSE_MS = 250;
const CUT_MS_MAX = 2_000;

/** Who wants to connect to a log server. */
export type Asked = {
  /** Of their certificate, which is of the deployment's authority. */
  readonly commonName: string | undefined;
  /** What they sent as token or password. */
  readonly credential: string | undefined;
  readonly address: string;
};
/** What they may do there, and until when they need not come again. */
export type Admission = {
  readonly who: string;
  readonly publish: readonly string[];
  readonly inbox: string;
  readonly untilMs: number;
};
export type Refusal = { readonly refused: string };

/** Decides who comes in; `told` of each decision, in one of the processes that know of it. */
export type Admits = {
  decide(asked: Asked): Admission | Refusal;
  told(asked: Asked, decision: Admission | Refusal): void;
};

export type CalloutFiles = {
  /** The seed of the key that log servers believe. */
  readonly seedFile: string;
  /** A certificate whose bearer may end connections, and nothing else. */
  readonly revoker: TlsFiles;
};

export type CalloutOptions = CalloutFiles & {
  readonly connection: NatsConnection;
  /** Comma-separated. */
  readonly servers: string;
  readonly logger: Logger;
};

/** A new key: its seed is for whoever answers, its public part for the log servers. */
export function newCalloutKey(): { readonly seed: string; readonly issuer: string } {
  const key = createAccount();
  return { seed: new TextDecoder().decode(key.getSeed()), issuer: key.getPublicKey() };
}

type Place = { readonly server: string; readonly id: number };

/** Answers the log servers whom to let in, and has them end the connections of whoever is no longer to be. */
export class AuthCallout {
  readonly #connection: NatsConnection;
  readonly #revoker: NatsConnection;
  readonly #issuer: KeyPair;
  readonly #logger: Logger;
  readonly #places = new Map<Place, string>();

  private constructor(parts: { connection: NatsConnection; revoker: NatsConnection; issuer: KeyPair; logger: Logger }) {
    this.#connection = parts.connection;
    this.#revoker = parts.revoker;
    this.#issuer = parts.issuer;
    this.#logger = parts.logger;
  }

  static async open({ connection, servers, seedFile, revoker: tls, logger }: CalloutOptions): Promise<AuthCallout> {
    const issuer = fromSeed(new TextEncoder().encode((await readFile(seedFile, 'utf8')).trim()));
    const revoker = await connectNats({ servers, name: 'revoker', tls });
    return new AuthCallout({ connection, revoker, issuer, logger });
  }

  /** Every process hears of every connection, so that those outlive the process that let them in and can still be cut. */
  serve(admits: Admits): void {
    this.#connection.subscribe(SUBJECT, { callback: (_, message) => this.#remember(admits, message) });
    this.#connection.subscribe(SUBJECT, {
      queue: QUEUE,
      callback: (_, message) => {
        this.#answer(admits, message).catch((error: unknown) => {
          this.#logger.error({ err: error }, 'a log server was not answered whom to let in');
        });
      },
    });
  }

  /** Ends their connections; they may come again, and are asked for who they are. */
  async cut(who: string): Promise<void> {
    const places = [...this.#places].filter(([, each]) => each === who).map(([place]) => place);
    for (const place of places) this.#places.delete(place);
    await Promise.all(places.map(async (place) => this.#cut(place, who)));
  }

  async close(): Promise<void> {
    await this.#revoker.close();
  }

  async #cut({ server, id }: Place, who: string): Promise<void> {
    for (let attempt = 1; attempt <= CUT_ATTEMPTS_MAX; attempt++) {
      try {
        const order = JSON.stringify({ cid: id });
        // A connection that has ended by itself is answered as well.
        await this.#revoker.request(`$SYS.REQ.SERVER.${server}.KICK`, order, { timeout: CUT_MS_MAX });
        return;
      } catch (error) {
        this.#logger.warn({ err: error, who, attempt }, 'a log server did not say that it ended a connection');
        await sleep(CUT_PAUSE_MS);
      }
    }
  }

  #remember(admits: Admits, message: Msg): void {
    const request = requestIn(message);
    const admission = admits.decide(askedIn(request));
    if ('refused' in admission || request.client_info.id === undefined) return;
    this.#places.set({ server: request.server_id.id, id: request.client_info.id }, admission.who);
    const [oldest] = this.#places.keys();
    if (this.#places.size > CONNECTIONS_MAX && oldest !== undefined) this.#places.delete(oldest);
  }

  async #answer(admits: Admits, message: Msg): Promise<void> {
    const request = requestIn(message);
    const asked = askedIn(request);
    const decision = admits.decide(asked);
    const user = fromPublic(request.user_nkey);
    const answer = 'refused' in decision ? { error: decision.refused } : { jwt: await this.#jwtFor(user, decision) };
    const server = fromPublic(request.server_id.id);
    message.respond(await encodeAuthorizationResponse(user, server, this.#issuer, answer, {}));
    admits.told(asked, decision);
  }

  async #jwtFor(user: KeyPair, { who, publish, inbox, untilMs }: Admission): Promise<string> {
    const permissions = { pub: { allow: [...publish], deny: [] }, sub: { allow: [`${inbox}.>`], deny: [] } };
    return encodeUser(who, user, this.#issuer, permissions, { aud: ACCOUNT, exp: Math.ceil(untilMs / 1_000) });
  }
}

function requestIn(message: Msg): AuthorizationRequest {
  return decode<AuthorizationRequest>(message.string()).nats as AuthorizationRequest;
}

function askedIn({ client_info, connect_opts, client_tls }: AuthorizationRequest): Asked {
  const certificate = client_tls?.verified_chains?.[0]?.[0];
  const subject = certificate === undefined ? undefined : new X509Certificate(certificate).subject;
  return {
    commonName: subject === undefined ? undefined : /^CN=([^\n]+)$/.exec(subject)?.[1],
    credential: connect_opts.auth_token ?? connect_opts.pass,
    address: client_info.host ?? 'unknown',
  };
}
