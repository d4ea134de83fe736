import { describe, expect, it } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, until } from '@vectorizer/testing';
import { z } from 'zod';
import { connectNats } from './connection.ts';
import { KvMirror } from './kv-mirror.ts';

const BUCKET = 'some';
const STREAM = `KV_${BUCKET}`;

type Setting = AsyncDisposable & {
  readonly manager: JetStreamManager;
  readonly open: (how?: { readonly checkIntervalMs: number }) => Promise<KvMirror<string>>;
};

async function start(): Promise<Setting> {
  const nats = await startNats();
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const mirrors: KvMirror<string>[] = [];
  return {
    manager: await jetstreamManager(connection),
    async open(how) {
      const parts = { connection, bucket: BUCKET, schema: z.string(), replicas: 1, logger };
      const mirror = await KvMirror.open({ ...parts, ...how });
      mirrors.push(mirror);
      return mirror;
    },
    async [Symbol.asyncDispose]() {
      for (const mirror of mirrors) mirror.close();
      await connection.close();
      await nats[Symbol.asyncDispose]();
    },
  };
}

async function records({ manager }: Setting): Promise<number> {
  return (await manager.streams.info(STREAM)).state.messages;
}

describe('what deletions leave in a bucket', () => {
  it('is removed once it is old, but for the newest record, and touches no value', async () => {
    await using setting = await start();
    const mirror = await setting.open();
    for (const key of ['a', 'b', 'c']) await mirror.put(key, key);
    for (const key of ['a', 'b']) await mirror.delete(key);
    expect(await mirror.purgeDeleted()).toBe(0);
    expect(await records(setting)).toBe(3);
    const past = -60_000;
    expect(await mirror.purgeDeleted(past)).toBe(1);
    expect(await records(setting)).toBe(2);
    const later = await setting.open();
    expect(later.values()).toEqual(['c']);
    await mirror.put('a', 'again');
    expect(await mirror.purgeDeleted(past)).toBe(1);
    expect(await records(setting)).toBe(2);
    await until(() => later.get('a') === 'again', { what: 'the new value' });
    expect((await (await setting.open()).refreshAll()).values.toSorted()).toEqual(['again', 'c']);
  });

  it('is not missed by a mirror that never heard of the deletion', async () => {
    await using setting = await start();
    const mirror = await setting.open();
    for (const key of ['a', 'b', 'c']) await mirror.put(key, key);
    const told: string[] = [];
    mirror.onChange(({ key, after }) => told.push(`${key} ${after ?? 'gone'}`));
    // As if the deletion had been, and had been purged, while the watch was dead.
    for (const key of ['a', 'b']) await setting.manager.streams.purge(STREAM, { filter: `$KV.${BUCKET}.${key}` });
    expect(mirror.values()).toEqual(['a', 'b', 'c']);
    expect(await mirror.refresh('a')).toBeUndefined();
    expect((await mirror.refreshAll()).values).toEqual(['c']);
    expect(mirror.values()).toEqual(['c']);
    expect(told).toEqual(['a gone', 'b gone']);
    await mirror.put('a', 'anew');
    expect(await mirror.refresh('a')).toBe('anew');
  });
});

describe('a bucket whose leader is behind', () => {
  it('has nothing forgotten that was there, until it is as far', async () => {
    await using setting = await start();
    const mirror = await setting.open();
    await mirror.put('a', 'first');
    await mirror.put('a', 'second');
    const { config } = await setting.manager.streams.info(STREAM);
    await setting.manager.streams.delete(STREAM);
    await setting.manager.streams.add(config);
    expect(await mirror.refresh('a')).toBe('second');
    for (const key of ['b', 'c']) await mirror.put(key, key);
    expect(await mirror.refresh('a')).toBeUndefined();
  });
});

describe('a watch that has died silently', () => {
  it('regression: is noticed also when a newer record than it missed was asked for', async () => {
    await using setting = await start();
    // Long enough that it looks only after it has been asked.
    const mirror = await setting.open({ checkIntervalMs: 500 });
    for await (const { name } of setting.manager.consumers.list(STREAM)) {
      await setting.manager.consumers.delete(STREAM, name);
    }
    const other = await setting.open();
    await other.put('missed', 'a');
    await other.put('newest', 'b');
    expect(await mirror.refresh('newest')).toBe('b');
    await until(() => mirror.get('missed') === 'a', { what: 'the missed record' });
  });

  it('is replaced when somebody asks for what it should have brought', async () => {
    await using setting = await start();
    const mirror = await setting.open();
    for await (const { name } of setting.manager.consumers.list(STREAM)) {
      await setting.manager.consumers.delete(STREAM, name);
    }
    const other = await setting.open();
    await other.put('missed', 'a');
    await Promise.all([mirror.catchUp(), mirror.catchUp(), mirror.catchUp()]);
    expect(mirror.get('missed')).toBe('a');
    await other.put('heard', 'b');
    await until(() => mirror.get('heard') === 'b', { what: 'the watch that has taken its place' });
  });
});
