import { setTimeout as sleep } from 'node:timers/promises';
import {
  shardOf,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type PointId,
  type PointView,
  type Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { answerOf } from '@vectorizer/frame';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { hitJson, pointJson } from '../points/point-json.ts';
import { changeMetrics, type Following } from './change-metrics.ts';
import { FollowedPoints, type Wanted } from './followed-points.ts';
import { mergedLog, type ShardEntry } from './merged-log.ts';
import { namedIn } from './named-in.ts';
import type { NearChange } from './near-set.ts';
import { startAt, textOf, type Start } from './position.ts';
import { StandingQuery, type Nearness } from './standing-query.ts';

/** Each follower reads every log of its collection, and of each a few megabytes may wait for one that is slow. */
const READERS_MAX = 128;
/** Each compares every point that is written to its collection with a vector. */
const STANDING_MAX = 64;
/** Without any event, so that proxies keep the connection and both sides notice when it is gone. */
const KEEP_ALIVE_MS = 15_000;
/** A follower that takes nothing for this long is cut off; it may come back to where it was. */
const TAKEN_MS_MAX = 60_000;
/** One question about points; they are asked again for so long in all, while no replica answers. */
const CALL_MS_MAX = 5_000;
const ASKED_MS_MAX = 60_000;
const RETRY_MS = 250;

export type Follower = {
  readonly wanted: Wanted;
  /** Only of points that come near a vector, stay there changed, or go. */
  readonly nearness?: Nearness;
  readonly start: Start;
  readonly correlationId: string;
  /** Aborted when the follower is gone. */
  readonly signal: AbortSignal;
  /** Ends the connection of one that takes nothing. */
  readonly cutOff: () => void;
};

type Parts = { readonly bus: Bus; readonly log: Log; readonly logger: Logger };

/**
 * What happens to the points of a collection, as server-sent events: for every entry of its logs, in order, what became of
 * the points that it names, as they are by then. The log says what comes next, so a follower that comes back with its
 * position, to whichever gateway, misses nothing and hears nothing twice. A follower costs the entries in its hands.
 */
export class ChangeFeed {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #logger: Logger;
  readonly #keepAliveMs: number;
  readonly #closing = new AbortController();
  readonly #metrics = changeMetrics();
  #readers = 0;
  #standing = 0;

  constructor({ bus, log, logger }: Parts, keepAliveMs = KEEP_ALIVE_MS) {
    this.#bus = bus;
    this.#log = log;
    this.#logger = logger;
    this.#keepAliveMs = keepAliveMs;
  }

  /** Where a stream begins that is asked for so; see `startAt`. */
  async startAt(from: string, collection: CollectionRecord, anew: boolean): Promise<Start> {
    return startAt(from, collection, { log: this.#log, anew });
  }

  /** The text of a stream. Throws `overloaded`, before the first text, when too many are open. */
  open(follower: Follower): AsyncIterable<string> {
    if (this.#readers + logsOf(follower) > READERS_MAX) {
      throw new Failure('overloaded', 'too many logs are followed through this gateway already');
    }
    if (follower.nearness !== undefined && this.#standing >= STANDING_MAX) {
      throw new Failure('overloaded', 'too many vectors are watched through this gateway already');
    }
    const signal = AbortSignal.any([follower.signal, this.#closing.signal]);
    return this.#watched({ ...follower, signal });
  }

  /** Ends all streams: their clients come back, to another gateway. Called by Nest before the server closes. */
  onModuleDestroy(): void {
    this.#closing.abort();
  }

  async *#watched(follower: Follower): AsyncGenerator<string> {
    const kind = kindOf(follower);
    this.#count(follower, 1);
    try {
      for await (const text of this.#text(follower)) {
        const timer = setTimeout(() => {
          this.#metrics.cutOff.slow.inc();
          follower.cutOff();
        }, TAKEN_MS_MAX);
        try {
          yield text;
          this.#metrics.events[kind].inc();
        } finally {
          clearTimeout(timer);
        }
      }
    } catch (cause) {
      if (follower.signal.aborted) return;
      this.#metrics.cutOff.failed.inc();
      const failure = Failure.from(cause);
      if (failure.type === 'internal_error') this.#logger.error({ err: cause }, 'a stream of changes failed');
      yield failureText(failure, follower.correlationId);
    } finally {
      this.#count(follower, -1);
    }
  }

  #count(follower: Follower, sign: 1 | -1): void {
    this.#readers += sign * logsOf(follower);
    const { nearness } = follower;
    if (nearness !== undefined) this.#standing += sign;
    const gauge = this.#metrics.followers[kindOf(follower)];
    if (sign === 1) gauge.inc();
    else gauge.dec();
  }

  async *#text(follower: Follower): AsyncGenerator<string> {
    const { wanted, start, nearness } = follower;
    const { uid } = wanted;
    yield 'retry: 1000\n\n';
    yield eventText('position', textOf(uid, start.position), JSON.stringify({ sequences: start.position.sequences }));
    if (nearness !== undefined) {
      yield* this.#near(new StandingQuery(this.#bus, wanted, nearness), follower);
      return;
    }
    const points = new FollowedPoints(this.#bus, wanted);
    if (start.position.points !== undefined) yield* this.#points(points, follower, start.position.points);
    yield* this.#entries(follower, start.position.sequences, async function* (entry, seen) {
      const { ids, filters } = namedIn(entry.bytes);
      const present =
        ids.length === 0
          ? new Map<string, PointView>()
          : yield* asked(follower, async (context) => points.present(ids, seen, context));
      return [
        ...ids.flatMap((id) => changeOf(id, present.get(id), entry)),
        ...filters.map((filter) => `{"kind":"delete_by_filter","filter":${JSON.stringify(filter)}}`),
      ];
    });
  }

  /** Who is near, and then of every entry whom it made come, change or go. */
  async *#near(query: StandingQuery, follower: Follower): AsyncGenerator<string> {
    const { wanted, start } = follower;
    const { sequences, hits } = yield* asked(follower, async (context) =>
      query.begin(start.position.sequences, context),
    );
    const members = hits.map((hit) => hitJson(hit)).join(',');
    const json = `{"sequences":${JSON.stringify(sequences)},"members":[${members}]}`;
    yield eventText('members', textOf(wanted.uid, { sequences }), json);
    yield* this.#entries(follower, sequences, async function* (entry, seen) {
      const named = namedIn(entry.bytes);
      const changes = yield* asked(follower, async (context) => query.changed(named, seen, context));
      return changes.map(nearChangeJson);
    });
  }

  /** An event for every entry after these sequences. */
  async *#entries(
    follower: Follower,
    after: Sequences,
    changesOf: (entry: ShardEntry, seen: Sequences) => AsyncGenerator<string, readonly string[]>,
  ): AsyncGenerator<string> {
    const { wanted, signal } = follower;
    const { uid } = wanted;
    const delay = this.#metrics.delay[kindOf(follower)];
    const sequences = [...after];
    const start = { ...follower.start, position: { sequences: after } };
    for await (const entry of mergedLog(this.#log, { uid, start, silenceMs: this.#keepAliveMs, signal })) {
      if (entry === undefined) {
        yield ': nothing new\n\n';
        continue;
      }
      const seen = sequences.map((_, shard) => (shard === entry.shard ? entry.sequence : 0));
      const changes = yield* changesOf(entry, seen);
      sequences[entry.shard] = entry.sequence;
      delay.observe(Math.max(0, Date.now() - entry.at) / 1_000);
      yield eventText('change', textOf(uid, { sequences }), changeJson(entry, changes));
    }
  }

  /** The points that are there, page by page, none as it was before the position. */
  async *#points(points: FollowedPoints, follower: Follower, from: string): AsyncGenerator<string> {
    const { sequences } = follower.start.position;
    const { uid } = follower.wanted;
    let after: string | undefined = from;
    while (after !== undefined && !follower.signal.aborted) {
      const last: string = after;
      const page = yield* asked(follower, async (context) => points.page(last, sequences, context));
      after = page.next;
      // Also of the last page: who comes back from there has not heard yet that it was the last.
      const position = { sequences, points: page.points.at(-1)?.id ?? last };
      const told = page.points.map((point) => pointOfShardJson(point, sequences.length));
      yield eventText('points', textOf(uid, position), `{"points":[${told.join(',')}]}`);
    }
    if (after === undefined) yield eventText('caught-up', textOf(uid, { sequences }), JSON.stringify({ sequences }));
  }
}

const kindOf = ({ nearness }: Follower): Following => (nearness === undefined ? 'changes' : 'near');
const logsOf = ({ start }: Follower): number => start.position.sequences.length;

/** Asks until there is an answer: a replica that was killed is back soon, or another has taken its place. */
async function* asked<Answer>(
  { correlationId, signal }: Follower,
  question: (context: () => CallContext) => Promise<Answer>,
): AsyncGenerator<string, Answer> {
  const endMs = performance.now() + ASKED_MS_MAX;
  for (;;) {
    try {
      return await question(() => ({ correlationId, deadline: Date.now() + CALL_MS_MAX }));
    } catch (cause) {
      const failure = Failure.from(cause);
      if (!failure.retryable || signal.aborted || performance.now() > endMs) throw failure;
    }
    yield ': no replica answers\n\n';
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** A point that is older than the entry was not changed by it: the operation was refused, or changed nothing. */
function changeOf(id: PointId, point: PointView | undefined, { sequence }: ShardEntry): readonly string[] {
  if (point === undefined) return [`{"kind":"delete","id":${JSON.stringify(id)}}`];
  return point.version < sequence ? [] : [`{"kind":"upsert",${pointJson(point).slice(1)}`];
}

function nearChangeJson(change: NearChange): string {
  if (change.kind === 'leave') return `{"kind":"leave","id":${JSON.stringify(change.id)}}`;
  return `{"kind":"${change.kind}",${hitJson(change.hit).slice(1)}`;
}

function changeJson({ shard, sequence, at }: ShardEntry, changes: readonly string[]): string {
  const head = `"shard":${shard},"sequence":${sequence},"at":"${new Date(at).toISOString()}"`;
  return `{${head},"changes":[${changes.join(',')}]}`;
}

/** With its shard: a filter that points are deleted by is told shard by shard. */
function pointOfShardJson(point: PointView, shards: number): string {
  return `{"shard":${shardOf(point.id, shards)},${pointJson(point).slice(1)}`;
}

function eventText(event: string, id: string, json: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${json}\n\n`;
}

/** The one error shape, as the last event; without an id, so that the position stays. */
function failureText(failure: Failure, correlationId: string): string {
  return `event: error\ndata: ${answerOf(failure, correlationId).body}\n\n`;
}
