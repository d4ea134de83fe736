import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient, type CollectionState } from '@vectorizer/client';
import { startSlowdown, until } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { settled, startSystem, type System } from '../system/system.ts';
import { statusOf } from './replicas.ts';
import { Counter, Reader, vectorOf, Writer, type Lately } from './traffic.ts';

const SEEDS = 200;
/** What every client must get done after a fault before it counts as survived. */
const STEPS = 5;
const SURVIVED_MS_MAX = 120_000;
/** Of each writer, around each fault. */
const REPEATED = 4;
/** On a machine that is not also busy with other things: see `startSlowdown`. */
const GAP_MS_MAX = 5_000;
/** A log server that is lost takes its leaderships with it; the others elect new leaders. */
const ELECTION_GAP_MS_MAX = 10_000;

type Figure = { readonly fault: string; readonly reads: Lately; readonly writes: Lately; readonly slowdown: number };

/** Clients of both gateways that read and write all the while. */
class Traffic {
  readonly readers: readonly Reader[];
  readonly writers: readonly Writer[];
  readonly counter: Counter;

  constructor(urls: readonly string[]) {
    const turned = urls.toReversed();
    this.readers = [new Reader(urls, SEEDS), new Reader(turned, SEEDS)];
    this.writers = [urls, turned, urls].map((order, i) => new Writer(order, `writer${i}`));
    this.counter = new Counter(turned);
  }

  get all(): readonly (Reader | Writer | Counter)[] {
    return [...this.readers, ...this.writers, this.counter];
  }

  /** Returns when every client, these included, has got something done since it was called. */
  async goesOn(others: readonly Reader[] = []): Promise<void> {
    let waiting = [...this.all, ...others].map((client) => ({ client, end: client.done + STEPS }));
    const allWent = (): boolean => {
      waiting = waiting.filter(({ client, end }) => client.done < end);
      return waiting.length === 0;
    };
    await until(allWent, { timeoutMs: SURVIVED_MS_MAX, what: 'every client going on' }).catch((error: unknown) => {
      const stuck = waiting.map(({ client, end }) => {
        const told = [...client.lately().failures, ...client.unanswered].join('; ');
        return `${client.name}, ${end - client.done} of ${STEPS} to go (${told})`;
      });
      throw new Error(`these did not go on: ${stuck.join(', ')}`, { cause: error });
    });
  }

  /** Since it was last asked for. */
  lately(others: readonly Reader[] = []): Pick<Figure, 'reads' | 'writes'> {
    return { reads: lately([...this.readers, ...others]), writes: lately([...this.writers, this.counter]) };
  }
}

function lately(clients: readonly (Reader | Writer | Counter)[]): Lately {
  const each = clients.map((client) => client.lately());
  return {
    done: each.reduce((total, { done }) => total + done, 0),
    failures: each.flatMap(({ failures }) => failures),
    longestMs: Math.max(...each.map(({ longestMs }) => longestMs)),
  };
}

/** The log server that leads the log of the collection's first shard. */
async function logLeader(system: System, uid: string): Promise<string> {
  const { url } = await system.process('nats-1');
  const answer = await fetch(`${url}/jsz?streams=true`);
  type Streams = { account_details: { stream_detail: { name: string; cluster?: { leader?: string } }[] }[] };
  const { account_details: accounts } = (await answer.json()) as Streams;
  const streams = accounts.flatMap(({ stream_detail }) => stream_detail);
  const leader = streams.find(({ name }) => name === `VZ_LOG_${uid}_0`)?.cluster?.leader;
  if (leader === undefined) throw new Error('the log has no leader');
  return leader;
}

describe('a cluster under reads and writes', () => {
  let system: System;
  let traffic: Traffic;
  let uid: string;
  const figures: Figure[] = [];

  beforeAll(async () => {
    system = await startSystem({ nodes: 3, shards: 2, replicas: 2 });
    ({ uid } = await system.client.createCollection({ name: 'books', dimension: 8, metric: 'dot' }));
    await system.client.createCollection({ name: 'everywhere', dimension: 8, metric: 'dot', replication_factor: 3 });
    await system.client.upsert(
      'books',
      Array.from({ length: SEEDS }, (_, n) => ({ id: `seed-${n}`, vector: vectorOf(n) })),
      { wait: 'replicated' },
    );
    traffic = new Traffic(system.urls);
    for (const client of traffic.all) client.start();
    await traffic.goesOn();
    traffic.lately();
  });

  afterAll(async () => {
    try {
      await Promise.all(traffic.all.map((client) => client.stop()));
    } finally {
      await system[Symbol.asyncDispose]();
    }
    const head = 'fault                failed reads, longest read and write in s, slowdown';
    process.stdout.write(`${[head, ...figures.map(lineOf)].join('\n')}\n`);
  });

  /**
   * Answers how long the writer that waited longest did, or would have with a processor to itself. Unless it is a gateway that is lost, readers that try once, at one
   * gateway, must not fail either: it is the services that ask another replica, or again, not the client. Also where a log
   * server stands still, which holds its connections open and loses the calls that are on their way through it.
   */
  const survive = async (what: string, task: () => Promise<void>): Promise<number> => {
    traffic.lately();
    const slowdown = startSlowdown();
    const urls = what.includes('gateway') ? [] : system.urls;
    const once = urls.map((url) => new Reader([url], SEEDS, { attempts: 1 }));
    for (const reader of once) reader.start();
    try {
      await traffic.goesOn(once);
      await task();
      await traffic.goesOn(once);
    } finally {
      await Promise.all(once.map((reader) => reader.stop()));
    }
    const figure = { fault: what, ...traffic.lately(once), slowdown: slowdown() };
    figures.push(figure);
    expect(figure.reads.failures).toEqual([]);
    expect(figure.writes.failures).toEqual([]);
    return figure.writes.longestMs / figure.slowdown;
  };
  const surviveKill = async (name: string): Promise<number> => {
    const before = traffic.writers.map(({ acknowledged }) => acknowledged.length);
    const killed = await survive(`kill ${name}`, () => system.kill(name));
    const started = await survive(`start ${name}`, () => system.ready(name));
    await repeat(before);
    return Math.max(killed, started);
  };
  const survivePause = async (name: string): Promise<number> => {
    const before = traffic.writers.map(({ acknowledged }) => acknowledged.length);
    const paused = await survive(`pause ${name}`, () => system.pause(name)).finally(() => system.resume(name));
    const resumed = await survive(`resume ${name}`, () => system.ready(name));
    await repeat(before);
    return Math.max(paused, resumed);
  };
  /** The writes on which the fault fell, once more: each is answered as it was, and none is done again. */
  const repeat = async (from: readonly number[]): Promise<void> => {
    for (const [i, writer] of traffic.writers.entries()) {
      const first = Math.max(0, (from[i] ?? 0) - 1);
      for (const write of writer.acknowledged.slice(first, first + REPEATED)) {
        expect(await writer.repeat(system.client, write)).toBe(write.version);
      }
    }
  };

  describe.each(['index', 'ingest', 'query', 'gateway', 'monitor'])('one %s of which is lost', (service) => {
    it('goes on when it is killed', async () => {
      expect(await surviveKill(`${service}-1`)).toBeLessThanOrEqual(GAP_MS_MAX);
    });

    // The other one: clients that had the first gateway have gone on with the second.
    it('goes on when it is paused', async () => {
      expect(await survivePause(`${service}-2`)).toBeLessThanOrEqual(GAP_MS_MAX);
    });
  });

  it('has another monitor act once the one that acts is killed', async () => {
    const [replica] = (await statusOf(system.client)).replicas;
    const takenOver = await awaitEvent(system.url, 'monitor');
    // Of the two one acts, so one of these kills is the acting one's.
    for (const name of ['monitor-1', 'monitor-2']) {
      await system.kill(name);
      await system.ready(name);
    }
    await takenOver();
    const rebuilt = await awaitEvent(system.url, 'resync');
    const path = `${system.url}/api/v1/replication/replicas/${replica?.id}/resync`;
    expect((await fetch(path, { method: 'POST' })).status).toBe(202);
    await rebuilt();
    await until(async () => (await statusOf(system.client)).replicas.every(({ status }) => status === 'Connected'), {
      what: 'all replicas being connected',
    });
  });

  it('goes on without Redis, and with one that stands still', async () => {
    expect(await surviveKill('redis')).toBeLessThanOrEqual(GAP_MS_MAX);
    expect(await survivePause('redis')).toBeLessThanOrEqual(GAP_MS_MAX);
  });

  it('goes on when the leader of a log is killed', async () => {
    expect(await surviveKill(await logLeader(system, uid))).toBeLessThanOrEqual(ELECTION_GAP_MS_MAX);
  });

  it('goes on when the leader of a log is paused', async () => {
    expect(await survivePause(await logLeader(system, uid))).toBeLessThanOrEqual(ELECTION_GAP_MS_MAX);
  });

  it('acknowledges a replicated write only once every replica has it', async () => {
    await system.pause('index-3');
    let acknowledged = false;
    const points = Array.from({ length: 20 }, (_, n) => ({ id: `replicated-${n}`, vector: vectorOf(n) }));
    const write = system.client.upsert('everywhere', points, { wait: 'replicated', timeoutMs: 60_000 });
    void write.then(() => (acknowledged = true));
    await traffic.goesOn();
    expect(acknowledged).toBe(false);
    await system.resume('index-3');
    expect(await write).toMatchObject({ succeeded: points.length, failed: 0 });
  });

  it('has every acknowledged write, at the version that was answered', async () => {
    await Promise.all(traffic.all.map((client) => client.stop()));
    await using client = new VectorizerClient({ url: system.urls, ...credentialsFor(system.urls) });
    for (const writer of traffic.writers) {
      const versions = new Map<string, number>();
      for (let from = 0; from < writer.acknowledged.length; from += 500) {
        const ids = writer.acknowledged.slice(from, from + 500).map(({ n }) => writer.idOf(n));
        const { points, missing } = await client.get('books', { ids, consistency: 'strong' });
        expect(missing).toEqual([]);
        for (const { id, version } of points) versions.set(id, version);
      }
      for (const { n, version } of writer.acknowledged) expect(versions.get(writer.idOf(n))).toBe(version);
    }
    const { payload } = await client.getOne('books', traffic.counter.id);
    expect(payload).toEqual({ count: traffic.counter.count });
  });

  it('ends with replicas that are the same', async () => {
    let hashes: string[][] = [];
    await until(
      async () => {
        hashes = hashesOf(await settled(system.client, 'books'));
        return hashes.every(([first, second]) => first !== undefined && first === second);
      },
      { what: 'the replicas being the same' },
    );
    expect(hashes).toHaveLength(2);
  });
});

/** Listens from now on; what it answers returns once an event of this kind has been told. */
async function awaitEvent(url: string, kind: string): Promise<() => Promise<void>> {
  const answer = await fetch(`${url}/api/v1/replication/events`, { signal: AbortSignal.timeout(SURVIVED_MS_MAX) });
  return async () => {
    let told = '';
    for await (const text of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      told += text;
      if (told.includes(`event: ${kind}\n`)) return;
    }
    throw new Error(`the stream ended without an event of the kind ${kind}`);
  };
}

function lineOf({ fault, reads, writes, slowdown }: Figure): string {
  const failed = String(reads.failures.length).padStart(6);
  return `${fault.padEnd(20)} ${failed} ${seconds(reads)} ${seconds(writes)} ${slowdown.toFixed(2).padStart(6)}`;
}

function hashesOf({ shards }: CollectionState): string[][] {
  return shards.map(({ replicas }) => replicas.flatMap((each) => ('state_hash' in each ? [each.state_hash] : [])));
}

function seconds({ longestMs }: Lately): string {
  return (longestMs / 1_000).toFixed(2).padStart(8);
}
