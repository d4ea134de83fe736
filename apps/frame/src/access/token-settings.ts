import { z } from 'zod';
import { readEnvironment, type Environment } from '../environment.ts';
import type { TokenSettings } from './token-verifier.ts';

const SECURE_OR_LOOPBACK = /^(https:|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])([:/]|$))/;

/** Of the issuer whose tokens are taken. */
const Tokens = z.object({
  VECTORIZER_JWT_ISSUER: z.string().min(1),
  VECTORIZER_JWT_AUDIENCE: z.string().min(1),
  VECTORIZER_JWT_JWKS_URL: z.url().regex(SECURE_OR_LOOPBACK, 'expected https, or http on this machine'),
  VECTORIZER_JWT_ROLES_CLAIM: z.string().min(1).default('roles'),
  VECTORIZER_JWT_ROLE_MAP: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.string()))
    .optional(),
  VECTORIZER_JWT_COLLECTIONS_CLAIM: z.string().min(1).optional(),
});

/** All of it, or none. */
export function readTokenSettings(environment: Environment): TokenSettings | undefined {
  if (!Object.entries(environment).some(([name, value]) => name.startsWith('VECTORIZER_JWT_') && value !== undefined)) {
    return undefined;
  }
  const env = readEnvironment(Tokens, environment);
  return {
    issuer: env.VECTORIZER_JWT_ISSUER,
    audience: env.VECTORIZER_JWT_AUDIENCE,
    jwksUrl: env.VECTORIZER_JWT_JWKS_URL,
    rolesClaim: env.VECTORIZER_JWT_ROLES_CLAIM,
    roleMap: env.VECTORIZER_JWT_ROLE_MAP,
    collectionsClaim: env.VECTORIZER_JWT_COLLECTIONS_CLAIM,
  };
}
