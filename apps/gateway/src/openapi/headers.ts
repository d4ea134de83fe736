import { limits } from '@vectorizer/contracts';
import type { FailureType } from '@vectorizer/errors';

/** Without examples: pages that call the API would send them. */
type Header = { readonly description: string; readonly schema: object };

const seconds = { type: 'integer', minimum: 0 };

/** What requests carry in headers, credentials apart. */
export const requestHeaders = {
  'X-Correlation-ID': {
    description:
      'Stands in every log line about the request. One that is not of this form is taken for none, and a new one is made',
    schema: { type: 'string' },
  },
  'Idempotency-Key': {
    description: 'A retry with the same key gets the first outcome',
    schema: { type: 'string', pattern: `^[\\x21-\\x7e]{1,${limits.idempotencyKeyCharactersMax}}$` },
  },
  'X-Vectorizer-Token': {
    description:
      'The `X-Vectorizer-Token` of an earlier answer: the answer reflects at least that. Of several collections, a list with commas',
    schema: { type: 'string' },
  },
  'Cache-Control': {
    description: '`no-cache` or `no-store`: answered past the cache',
    schema: { type: 'string' },
  },
  'Last-Event-ID': {
    description: 'The id of the last event that was heard: what comes after it is told. Takes the place of the query',
    schema: { type: 'string' },
  },
} as const satisfies Record<string, Header>;
export type RequestHeader = keyof typeof requestHeaders;

export const responseHeaders = {
  'X-Correlation-ID': { description: "The request's own, or a new one", schema: { type: 'string' } },
  'X-Vectorizer-Token': {
    description: 'What has been seen once this answer has been. Opaque; of several collections a list with commas',
    schema: { type: 'string' },
  },
  'Idempotency-Key': { description: 'The key of the write, or one that was made for it', schema: { type: 'string' } },
  Location: { description: 'Where what was made can be found', schema: { type: 'string', format: 'uri-reference' } },
  'X-Cache': {
    description: 'Whether the answer was kept somewhere',
    schema: { type: 'string', enum: ['hit', 'miss', 'bypass'] },
  },
  Age: {
    description: 'Where any of the answer was kept: seconds since the oldest part of that was computed',
    schema: seconds,
  },
  'X-Cache-Age-Ms': { description: 'The same in milliseconds', schema: { type: 'number', minimum: 0 } },
  'Server-Timing': { description: 'The stages of the search, in milliseconds', schema: { type: 'string' } },
  'Content-Disposition': { description: 'The name of the archive', schema: { type: 'string' } },
  ETag: { description: 'Of this content', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds until it is worth trying again', schema: seconds },
  'WWW-Authenticate': { description: 'How to say who asks', schema: { type: 'string' } },
  'RateLimit-Limit': { description: 'Of a key: requests a second in the long run', schema: { type: 'number' } },
  'RateLimit-Remaining': { description: 'What it may ask at once', schema: seconds },
  'RateLimit-Reset': { description: 'Seconds until that is as much as it can be', schema: seconds },
  'RateLimit-Policy': { description: 'The burst, and the seconds in which it fills', schema: { type: 'string' } },
} as const satisfies Record<string, Header>;
export type ResponseHeader = keyof typeof responseHeaders;

/** A read that finds nothing has seen that. */
export const headersOfFailure: Readonly<Partial<Record<FailureType, readonly ResponseHeader[]>>> = {
  vector_not_found: ['X-Vectorizer-Token'],
};

/** What HTTP itself calls for with a status. */
export const headersOfStatus: Readonly<Record<number, readonly ResponseHeader[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};
