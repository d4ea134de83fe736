import { decodeToken, type Outcome } from '@vectorizer/contracts';
import type { Acknowledged, Answered, Failed, SeenPoint } from './history.ts';

export type Received = {
  readonly status: number;
  readonly body: Body;
  readonly token: string | undefined;
  readonly cache: string | undefined;
};
/** Everything that an answer may hold; see docs/API.md. */
export type Body = {
  readonly results?: readonly Pick<Outcome, 'status' | 'version'>[];
  readonly status?: Outcome['status'];
  readonly version?: number;
  readonly sequences?: readonly number[];
  readonly points?: readonly SeenPoint[];
  readonly hits?: readonly SeenPoint[];
  readonly next?: string | null;
  readonly count?: number;
  readonly error?: { readonly type: string; readonly details: Details };
};
type Details = { readonly logged?: unknown; readonly sequences?: readonly number[]; readonly version?: number };

/** Undefined when the answer is no acknowledgement. */
export function acknowledged({ status, body }: Received): Acknowledged | undefined {
  const outcome = 'acknowledged';
  const { results, sequences = null } = body;
  if (status === 202) return { outcome, results: null, sequences };
  if (status === 200 && results !== undefined) return { outcome, results: results.map(decided), sequences };
  if (status === 200) return { outcome, results: [decided(body)], sequences };
  const refusal = refusals[body.error?.type ?? ''];
  return refusal === undefined
    ? undefined
    : { outcome, results: [decided({ status: refusal, ...body.error?.details })], sequences: null };
}

/** Of a write of one point, decided from its state: an answer like any other. */
const refusals: Readonly<Record<string, Outcome['status']>> = {
  vector_not_found: 'not_found',
  vector_already_exists: 'already_exists',
  version_conflict: 'version_conflict',
};

function decided({ status, version }: Body | { status: Outcome['status']; version?: number }): Told {
  if (status === undefined) throw new Error('an answer without a status');
  return { status, ...(version !== undefined && { version }) };
}
type Told = Pick<Outcome, 'status' | 'version'>;

export function answered({ status, body, token, cache }: Received): Answered | undefined {
  const absent = status === 404 && body.error?.type === 'vector_not_found';
  if (status !== 200 && !absent) return undefined;
  const seen = { outcome: 'answered' as const, token: sequencesOf(token) };
  if (absent) return { ...seen, points: [] };
  if (body.count !== undefined) return { ...seen, points: [], count: body.count };
  const { next } = body;
  const points = body.points ?? body.hits ?? [body as SeenPoint];
  return {
    ...seen,
    points: points.map(plain),
    ...(next !== undefined && { more: next !== null }),
    ...(cache !== undefined && { cache }),
  };
}

function plain({ id, version, payload, vector }: SeenPoint): SeenPoint {
  return { id, version, payload, vector };
}

/** A client error says that nothing was done, unless its details know better. */
export function failed({ status, body }: Received): Failed {
  const { type = `HTTP ${status}`, details } = body.error ?? {};
  const { logged, sequences } = details ?? {};
  const said = { ...(logged !== undefined && { logged }), ...(sequences && { sequences }) };
  const nothing = logged === false || (status >= 400 && status < 500 && logged === undefined);
  return { outcome: nothing ? 'refused' : 'unknown', error: type, ...said };
}

/** By shard; a shard that the answer does not name was not asked. */
export function sequencesOf(token: string | undefined): readonly number[] {
  return token === undefined ? [] : decodeToken(token).sequences;
}
