import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from '@jest/globals';
import { CollectionUid, decodeEntry, subjects, type Request } from '@vectorizer/contracts';
import { startNats, until } from '@vectorizer/testing';
import { Log, type LogMessage } from './index.ts';

const uid = CollectionUid.parse('0123456789abcdef');
const request = (id: string, points = 1): Request => ({
  id,
  ops: Array.from({ length: points }, (_, i) => ({ kind: 'upsert', id: `${id}-${i}`, vector: Float32Array.of(1, 2) })),
});
const soon = (): number => Date.now() + 10_000;

async function openLog(url: string): Promise<{ log: Log; connection: Awaited<ReturnType<typeof connect>> }> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const log = await Log.open({ connection, replicas: 1 });
  return { log, connection };
}

type Road = AsyncDisposable & {
  readonly port: number;
  /** Whether an entry has come through: the client's requests are small. */
  carries(): boolean;
  stand(): void;
  /** Loses what was on its way, and carries again. */
  mend(): void;
};

/** Between a client and the server at `port`; what the server sends can be made to stand still, as to a stopped process. */
async function standingRoad(port: number): Promise<Road> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let carried = false;
  const server = createServer((client) => {
    const upstream = connectSocket(port, '127.0.0.1');
    pairs.add([client, upstream]);
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      carried ||= chunk.includes('first-0');
      client.write(chunk);
    });
    for (const end of [client, upstream]) {
      end.on('error', () => undefined);
      end.on('close', () => [client, upstream].forEach((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    carries: () => carried,
    stand: () => pairs.forEach(([, upstream]) => upstream.pause()),
    mend() {
      for (const [client] of pairs) client.destroy();
      pairs.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const [client] of pairs) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads until `last` is reached. */
async function readTo(log: Log, after: number, last: number): Promise<LogMessage[]> {
  const stop = new AbortController();
  const entries: LogMessage[] = [];
  for await (const entry of log.read(uid, 0, { after, signal: stop.signal })) {
    entries.push(entry);
    if (entry.sequence >= last) break;
  }
  return entries;
}

describe('the write log', () => {
  it('merges what arrives during a publish into one entry, and keeps the order', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const writer = log.writer(uid, 0);
    const ids = Array.from({ length: 50 }, (_, i) => `r${i}`);
    const logged = await Promise.all(ids.map((id) => writer.append(request(id), soon())));
    const { lastSequence } = await log.state(uid, 0);
    expect(lastSequence).toBe(2);
    expect(logged.map(({ sequence }) => sequence)).toEqual([1, ...ids.slice(1).map(() => 2)]);
    const entries = await readTo(log, 0, lastSequence);
    expect(entries.flatMap(({ bytes }) => decodeEntry(bytes).requests.map(({ id }) => id))).toEqual(ids);
    await connection.close();
  });

  it('logs a write once, though its publish timed out and was sent again', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    nats.pause();
    const before = connection.stats().outMsgs;
    const append = log.writer(uid, 0).append(request('frozen'), Date.now() + 20_000);
    // The server is frozen with the first message in its socket until the second has been sent after it.
    await until(() => connection.stats().outMsgs >= before + 2, { timeoutMs: 10_000 });
    nats.resume();
    await append;
    expect((await log.state(uid, 0)).lastSequence).toBe(1);
    await connection.close();
  });

  it('answers deadline_exceeded when the server stays away, and goes on when it is back', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    await nats.kill();
    await expect(log.writer(uid, 0).append(request('lost'), Date.now() + 300)).rejects.toMatchObject({
      type: 'deadline_exceeded',
    });
    await nats.restart();
    await expect(log.writer(uid, 0).append(request('back'), soon())).resolves.toEqual({ sequence: 1 });
    await connection.close();
  });

  it('refuses more than its queue holds, and a request that no entry can hold', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const writer = log.writer(uid, 0);
    const waiting = Array.from({ length: 8 }, (_, i) => writer.append(request(`fill-${i}`, 4_000), soon()));
    expect(() => writer.append(request('one more'), soon())).toThrow('too many writes wait');
    await Promise.all(waiting);
    const huge: Request = {
      id: 'huge',
      ops: Array.from({ length: 20 }, (_, i) => ({
        kind: 'upsert',
        id: `h${i}`,
        vector: new Float32Array(60_000).fill(1),
      })),
    };
    expect(() => writer.append(huge, soon())).toThrow('bytes in the log');
    await connection.close();
  });

  it('answers collection_not_found when the log is gone', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 2);
    expect(await log.uids()).toEqual([uid]);
    await log.dropStreams(uid);
    await log.dropStreams(uid);
    expect(await log.uids()).toEqual([]);
    await expect(log.writer(uid, 0).append(request('late'), soon())).rejects.toMatchObject({
      type: 'collection_not_found',
    });
    await expect(log.state(uid, 0)).rejects.toMatchObject({ type: 'collection_not_found' });
    await connection.close();
  });
});

describe('reading the log', () => {
  it('resumes after its server was killed, without a gap and without a duplicate', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const seen: number[] = [];
    const stop = new AbortController();
    const reading = (async (): Promise<void> => {
      for await (const entry of log.read(uid, 0, { after: 0, signal: stop.signal })) seen.push(entry.sequence);
    })();
    const writer = log.writer(uid, 0);
    for (let i = 0; i < 5; i++) await writer.append(request(`a${i}`), soon());
    await until(() => seen.length === 5, { timeoutMs: 5_000 });
    await nats.kill();
    await nats.restart();
    for (let i = 0; i < 5; i++) await writer.append(request(`b${i}`), soon());
    await until(() => seen.length === 10, { timeoutMs: 20_000, what: 'reading on after the restart' });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    stop.abort();
    await reading;
    await connection.close();
  });

  it('regression: reads again what was lost on its way to a reader that stood still', async () => {
    await using nats = await startNats({ writeDeadline: '500ms' });
    const { log: near, connection } = await openLog(nats.url);
    await near.ensureStreams(uid, 1);
    await using road = await standingRoad(nats.port);
    const { log: far, connection: farther } = await openLog(`nats://127.0.0.1:${road.port}`);
    const writer = near.writer(uid, 0);
    await writer.append(request('first'), soon());
    const reading = readTo(far, 0, 7);
    await until(() => road.carries(), { timeoutMs: 5_000 });
    road.stand();
    const large = Array.from({ length: 10 }, (_, i) => ({
      kind: 'upsert' as const,
      id: String(i),
      vector: new Float32Array(65_536),
    }));
    for (let i = 0; i < 6; i++) await writer.append({ id: `large-${i}`, ops: large }, soon());
    const dropped = async (): Promise<boolean> => {
      const { slow_consumers } = (await (await fetch(`${nats.monitorUrl}/varz`)).json()) as { slow_consumers: number };
      return slow_consumers > 0;
    };
    await until(dropped, { timeoutMs: 10_000, what: 'the server dropping the reader' });
    road.mend();
    const entries = await reading;
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await farther.close();
    await connection.close();
  });

  it('regression: says of the last entry that none follows it, though more was asked for meanwhile', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const last = 40;
    const writer = log.writer(uid, 0);
    for (let i = 1; i <= last; i++) await writer.append(request(`${i}`), soon());
    const stop = new AbortController();
    const wrong: number[] = [];
    // Little is asked for at a time, and what was has come before it is taken.
    for await (const { sequence, pending } of log.read(uid, 0, {
      after: 0,
      signal: stop.signal,
      pullBytesMax: 2_000,
    })) {
      if (pending > last - sequence) wrong.push(sequence);
      if (sequence === last) stop.abort();
      else await sleep(2);
    }
    expect(wrong).toEqual([]);
    await connection.close();
  });

  it('refuses a log that was replaced, that lost entries, or that has a foreign gap', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const { created } = await log.state(uid, 0);
    await log.writer(uid, 0).append(request('first'), soon());
    const read = (after: number, was?: string): Promise<unknown> =>
      (async (): Promise<void> => {
        const { signal } = new AbortController();
        for await (const entry of log.read(uid, 0, { after, signal, ...(was === undefined ? {} : { created: was }) })) {
          if (entry.sequence > 0) break;
        }
      })();
    await expect(read(7, created)).rejects.toMatchObject({
      type: 'replica_diverged',
      message: 'the log ends at 1, but 7 was read from it',
    });
    await log.dropStreams(uid);
    await log.ensureStreams(uid, 1);
    await expect(read(0, created)).rejects.toMatchObject({ type: 'replica_diverged' });
    await log.dropStreams(uid);
    await expect(read(0)).rejects.toMatchObject({ type: 'collection_not_found' });
    expect(subjects.stream(uid, 0)).toBe('VZ_LOG_0123456789abcdef_0');
    await connection.close();
  });

  it('finds a single entry by its sequence', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const { sequence } = await log.writer(uid, 0).append(request('only'), soon());
    const entry = await log.entryAt(uid, 0, sequence);
    expect(entry && decodeEntry(entry.bytes).requests[0]?.id).toBe('only');
    expect(await log.entryAt(uid, 0, 9)).toBeUndefined();
    await connection.close();
  });
});
