import type { FastifyRequest } from 'fastify';

/** No key and no token of a sane issuer is longer. */
const CREDENTIAL_CHARACTERS_MAX = 8_192;
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

/** What a request brings; `malformed` is neither a key nor a token, or two things at once. */
export type Credential = { readonly text: string } | 'none' | 'malformed';

/** From `Authorization: Bearer …`, `X-API-Key`, or `api-key`, as Qdrant's clients send it. Never from the query: it stands in logs, histories and referrers. */
export function credentialOf({ headers }: Pick<FastifyRequest, 'headers'>): Credential {
  const { authorization } = headers;
  const key = headers['x-api-key'] ?? headers['api-key'];
  if (authorization === undefined && key === undefined) return 'none';
  if (Array.isArray(key) || (headers['api-key'] ?? key) !== key) return 'malformed';
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) return 'malformed';
  if (bearer !== undefined && key !== undefined && bearer !== key) return 'malformed';
  const text = bearer ?? key ?? '';
  return text === '' || text.length > CREDENTIAL_CHARACTERS_MAX ? 'malformed' : { text };
}
