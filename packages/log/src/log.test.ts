import { describe, expect, it } from '@jest/globals';
import { decodeEntry, limits, type Request } from '@vectorizer/contracts';
import { inRequest } from '@vectorizer/telemetry';
import { startNats, until } from '@vectorizer/testing';
import { openLog, readTo, request, soon, uid } from '../test/fixture.ts';

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

  it('takes an entry of as many writers as there can be, and tells of those that its headers hold', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const writer = log.writer(uid, 0);
    const ids = Array.from({ length: limits.entryOperationsMax + 1 }, (_, i) => `${i}`.padStart(128, '0'));
    const append = async (id: string): Promise<unknown> =>
      inRequest(id, async () => writer.append(request(id), soon()));
    await Promise.all(ids.map(append));
    const [, full] = await readTo(log, 0, 2);
    expect(full && decodeEntry(full.bytes).requests).toHaveLength(limits.entryOperationsMax);
    const { writers, more } = full?.origin ?? { writers: [], more: 0 };
    expect(writers.map(({ correlationId }) => correlationId)).toEqual(ids.slice(1, writers.length + 1));
    expect(more).toBe(limits.entryOperationsMax - writers.length);
    await connection.close();
  });

  it('is made when its servers answer again, by whoever has the time to wait for that', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    nats.pause();
    const patient = log.ensureStreams(uid, 2, { deadline: soon() });
    await expect(log.ensureStreams(uid, 2)).rejects.toMatchObject({ type: 'log_unavailable' });
    nats.resume();
    await patient;
    expect(await log.state(uid, 1)).toMatchObject({ lastSequence: 0 });
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
    await until(() => connection.stats().outMsgs >= before + 2);
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

  it('finds the last entry before a moment, also where there is none', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 2, { first: [1, 7] });
    expect(await log.lastSequenceBefore(uid, 0, Date.now())).toBe(0);
    expect(await log.lastSequenceBefore(uid, 1, Date.now())).toBe(6);
    const writer = log.writer(uid, 0);
    for (let i = 1; i <= 3; i++) await writer.append(request(`${i}`), soon());
    const at = (await log.entryAt(uid, 0, 2))?.at ?? 0;
    expect(await log.lastSequenceBefore(uid, 0, at)).toBeLessThan(2);
    expect(await log.lastSequenceBefore(uid, 0, at + 60_000)).toBe(3);
    expect(await log.lastSequenceBefore(uid, 0, 0)).toBe(0);
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
