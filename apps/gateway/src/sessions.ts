import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  decodeToken,
  encodeToken,
  type CollectionRecord,
  type CollectionUid,
  type Consistency,
  type Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { invalidField } from '@vectorizer/frame';

const TOKEN_HEADER = 'x-vectorizer-token';

/** What a read must reflect, as the query service takes it. */
export type Demand = {
  readonly consistency: Consistency;
  readonly seen?: Sequences;
  readonly max_lag_ms?: number | undefined;
};

/** What a read asks for. */
export type Asked = {
  readonly consistency?: Consistency | undefined;
  readonly max_lag_ms?: number | undefined;
  readonly max_staleness_ms?: number | undefined;
};

/**
 * Read your writes: by the token that a client carries, and, for clients without tokens, by what this gateway itself
 * has acknowledged as applied. One entry per collection, forgotten when it is dropped.
 */
export class Sessions {
  readonly #acknowledged = new Map<CollectionUid, Sequences>();

  acknowledge(uid: CollectionUid, sequences: Sequences): void {
    this.#acknowledged.set(uid, later(this.#acknowledged.get(uid), sequences));
  }

  forget(uid: CollectionUid): void {
    this.#acknowledged.delete(uid);
  }

  /**
   * What a read that asks for this demands. One that takes an older answer and names no consistency gets no demand from
   * what others wrote through this gateway: on a collection under writes that would leave it no older answer to take.
   */
  demand({ uid }: CollectionRecord, token: Sequences | undefined, asked: Asked): Demand {
    const { max_lag_ms } = asked;
    const consistency = asked.consistency ?? (max_lag_ms === undefined ? undefined : 'bounded');
    checkAsked(asked, consistency);
    if (consistency === 'eventual') return { consistency };
    // All that the log holds is more than a token names, unless it names what no log has.
    if (consistency === 'strong') return { consistency, ...(token && { seen: token }) };
    if (consistency === 'bounded') return { consistency, max_lag_ms, ...(token && { seen: token }) };
    const forgoes = consistency === undefined && asked.max_staleness_ms !== undefined;
    const own = forgoes ? undefined : this.#acknowledged.get(uid);
    const seen = token === undefined ? own : later(own, token);
    if (seen !== undefined) return { consistency: 'session', seen };
    return { consistency: consistency ?? 'eventual' };
  }
}

function checkAsked({ max_lag_ms, max_staleness_ms }: Asked, consistency: Consistency | undefined): void {
  if (consistency === 'bounded' && max_lag_ms === undefined) {
    throw invalidField('max_lag_ms', 'required with consistency bounded');
  }
  if (consistency !== 'bounded' && max_lag_ms !== undefined) {
    throw invalidField('max_lag_ms', `not with consistency ${consistency}`);
  }
  if ((consistency === 'bounded' || consistency === 'strong') && max_staleness_ms !== undefined) {
    throw invalidField('max_staleness_ms', `not with consistency ${consistency}`);
  }
}

/** The sequences of the request's token; undefined without one. */
export function tokenOf(request: FastifyRequest, collection: CollectionRecord): Sequences | undefined {
  const text = request.headers[TOKEN_HEADER];
  if (text === undefined || text === '') return undefined;
  return checked(decodeToken(String(text)), collection);
}

/** The same of a request about several collections, whose header is a list of tokens: of those that it has one of. */
export function tokensOf(
  request: FastifyRequest,
  collections: readonly CollectionRecord[],
): ReadonlyMap<CollectionUid, Sequences> {
  const texts = String(request.headers[TOKEN_HEADER] ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length > collections.length) {
    throw new Failure('invalid_token', 'X-Vectorizer-Token has more tokens than the request has collections');
  }
  const seen = new Map<CollectionUid, Sequences>();
  for (const token of texts.map(decodeToken)) {
    const sequences = checked(
      token,
      collections.find(({ uid }) => uid === token.uid),
    );
    seen.set(token.uid, later(seen.get(token.uid), sequences));
  }
  return seen;
}

function checked({ uid, sequences }: Token, collection: CollectionRecord | undefined): Sequences {
  if (uid !== collection?.uid) {
    throw new Failure(
      'invalid_token',
      'X-Vectorizer-Token is of another collection, or of an earlier one of this name',
    );
  }
  if (sequences.length > collection.config.shards) {
    throw new Failure('invalid_token', 'X-Vectorizer-Token names more shards than the collection has');
  }
  return sequences;
}

type Token = ReturnType<typeof decodeToken>;

/** Answers what the client has now seen: never less than the token that it sent, so that it can replace its own. */
export function sendToken(reply: FastifyReply, uid: CollectionUid, seen: Sequences): void {
  reply.header(TOKEN_HEADER, encodeToken(uid, seen));
}

/** The same of several collections, as a list in the order of the request. */
export function sendTokens(
  reply: FastifyReply,
  seen: readonly { readonly uid: CollectionUid; readonly sequences: Sequences }[],
): void {
  reply.header(TOKEN_HEADER, seen.map(({ uid, sequences }) => encodeToken(uid, sequences)).join(', '));
}

/** The later of two, shard by shard. */
export function later(one: Sequences | undefined, other: Sequences): Sequences {
  if (one === undefined) return other;
  const length = Math.max(one.length, other.length);
  return Array.from({ length }, (_, shard) => Math.max(one[shard] ?? 0, other[shard] ?? 0));
}
