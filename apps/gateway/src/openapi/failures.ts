import { answers } from '@vectorizer/contracts';
import { Failure, failures, type FailureType } from '@vectorizer/errors';
import { answerOf, type RouteRule } from '@vectorizer/frame';
import { headersOfFailure, headersOfStatus } from './headers.ts';
import type { Operation } from './operation.ts';

/** Of any request: a path that cannot be decoded, a bug. */
const ALWAYS: readonly FailureType[] = ['validation_error', 'internal_error'];
/** Who asks, and how often; the issuer of tokens may be away. */
const GUARDED: readonly FailureType[] = [
  'authentication_error',
  'authorization_error',
  'rate_limit_exceeded',
  'service_unavailable',
];
/** A body is read before it is known whether one is wanted. */
const WITH_BODY: readonly FailureType[] = ['malformed_body', 'payload_too_large', 'unsupported_media_type'];
/** Acts and changes are not done where the audit log cannot be written. */
const AUDITED: readonly FailureType[] = ['log_unavailable'];

/** The types of failures that an operation may answer, by status. */
export function failuresOf(
  method: string,
  { fails = [] }: Operation,
  { needs, effect }: RouteRule,
): ReadonlyMap<number, readonly FailureType[]> {
  const all = new Set([
    ...ALWAYS,
    ...(needs === 'public' ? [] : GUARDED),
    ...(method === 'GET' ? [] : WITH_BODY),
    ...(effect === 'read' ? [] : AUDITED),
    ...fails,
  ]);
  const inOrder = (Object.keys(failures) as FailureType[]).filter((type) => all.has(type));
  return Map.groupBy(inOrder, (type) => failures[type].http);
}

/** The name of the component that describes answers of a status by some failures. */
export function nameOfFailures(status: number, types: readonly FailureType[]): string {
  return `${status}.${types.join('.')}`;
}

export function responseOfFailures(status: number, types: readonly FailureType[]): object {
  const ofTypes = types.flatMap((type) => headersOfFailure[type] ?? []);
  const headers = ['X-Correlation-ID', ...(headersOfStatus[status] ?? []), ...ofTypes];
  return {
    description: types.map((type) => `\`${type}\`: ${failures[type].meaning}`).join('\n\n'),
    headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    content: {
      'application/json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Error' },
            { properties: { error: { properties: { type: { enum: types } } } } },
          ],
        },
        examples: Object.fromEntries(types.map((type) => [type, { $ref: `#/components/examples/${type}` }])),
      },
    },
  };
}

/** One of each type, as it is answered. */
export function failureExamples(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    answers.Fault.shape.type.options.map((type) => {
      const { body } = answerOf(new Failure(type, failures[type].meaning), '0f8d2c1e-6a55-4f0e-9d0b-1f6f3c1d2e3f');
      return [type, { summary: type, value: JSON.parse(body) as unknown }];
    }),
  );
}
