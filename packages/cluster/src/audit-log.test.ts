import { describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  AUDIT_START,
  AUDIT_STREAM,
  encodeAudit,
  hashOfAudit,
  nextAudit,
  type AuditEntry,
  type AuditHead,
} from '@vectorizer/contracts';
import { startNats, type NatsServer } from '@vectorizer/testing';
import { AuditLog, entriesIn, type StoredAudit } from './audit-log.ts';
import { connectNats } from './connection.ts';

function entry(target: string): AuditEntry {
  return {
    at: '2026-01-01T00:00:00.000Z',
    actor: 'key:a',
    actor_name: 'a',
    action: 'test',
    target,
    result: 'ok',
    status: 200,
    count: 1,
    address: '127.0.0.1',
    correlation_id: 'c',
  };
}

async function openLog(nats: NatsServer): Promise<{ log: AuditLog } & AsyncDisposable> {
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const log = await AuditLog.open({ connection, replicas: 1 });
  return { log, [Symbol.asyncDispose]: async () => connection.close() };
}

async function all(log: AuditLog): Promise<StoredAudit[]> {
  const { last } = await log.state();
  return log.read(Array.from({ length: last }, (_, i) => i + 1));
}

/** What is wrong with the chain, at the first message where something is. */
function faultIn(stored: readonly StoredAudit[]): string | undefined {
  let head: AuditHead = AUDIT_START;
  for (const { sequence, bytes } of stored) {
    try {
      head = nextAudit(head, sequence, bytes);
    } catch (cause) {
      return `${sequence}: ${(cause as Error).message}`;
    }
  }
  return undefined;
}

async function writeMany({ log }: { readonly log: AuditLog }, name: string): Promise<void> {
  for (let i = 0; i < 25; i++) await log.append(log.nextNumber(), [entry(`${name}${i}`), entry(`${name}${i}+`)]);
}

describe('the audit log', () => {
  it('is one chain, however many write to it at once', async () => {
    await using nats = await startNats();
    await using a = await openLog(nats);
    await using b = await openLog(nats);
    await Promise.all([writeMany(a, 'a'), writeMany(b, 'b')]);
    const stored = await all(a.log);
    expect(stored).toHaveLength(50);
    expect(faultIn(stored)).toBeUndefined();
    const targets = stored.flatMap(entriesIn).map(({ target }) => target);
    expect(targets.filter((target) => target.startsWith('a')).slice(0, 3)).toEqual(['a0', 'a0+', 'a1']);
  });

  it('writes nothing twice that is tried again', async () => {
    await using nats = await startNats();
    await using a = await openLog(nats);
    await using b = await openLog(nats);
    const number = a.log.nextNumber();
    await a.log.append(number, [entry('once')]);
    await b.log.append(b.log.nextNumber(), [entry('between')]);
    await a.log.append(number, [entry('once')]);
    await a.log.append(a.log.nextNumber(), [entry('after')]);
    const stored = await all(a.log);
    expect(stored.flatMap(entriesIn).map(({ target }) => target)).toEqual(['once', 'between', 'after']);
    expect(faultIn(stored)).toBeUndefined();
  });

  it('goes on after a message of a later release, which says what this one does not know', async () => {
    await using nats = await startNats();
    await using a = await openLog(nats);
    const later = { ...entry('later'), result: 'unheard-of' } as unknown as AuditEntry;
    await a.log.append(a.log.nextNumber(), [later]);
    await using b = await openLog(nats);
    await b.log.append(b.log.nextNumber(), [entry('now')]);
    const [first, second] = (await all(b.log)).map(({ bytes }) => bytes);
    if (!first || !second) throw new Error('two messages were written');
    expect(nextAudit({ sequence: 1, hash: hashOfAudit(first) }, 2, second)).toMatchObject({ sequence: 2 });
  });

  it('gives nothing away, not to an operator of the log server either', async () => {
    await using nats = await startNats();
    await using a = await openLog(nats);
    await a.log.append(a.log.nextNumber(), [entry('kept')]);
    const connection = await connectNats({ servers: nats.url, name: 'operator' });
    const manager = await jetstreamManager(connection);
    await expect(manager.streams.deleteMessage(AUDIT_STREAM.name, 1)).rejects.toThrow('delete');
    await expect(manager.streams.purge(AUDIT_STREAM.name)).rejects.toThrow('purge');
    await connection.close();
  });

  it('shows what was removed, changed or moved by whoever makes the stream anew', async () => {
    await using nats = await startNats();
    await using a = await openLog(nats);
    for (const target of ['one', 'two', 'three', 'four']) await a.log.append(a.log.nextNumber(), [entry(target)]);
    const [one, two, three, four] = (await all(a.log)).map(({ bytes }) => bytes);
    if (!one || !two || !three || !four) throw new Error('four messages were written');
    const anew = async (messages: readonly Uint8Array[]): Promise<string | undefined> => {
      await using forged = await startNats();
      await using b = await openLog(forged);
      const connection = await connectNats({ servers: forged.url, name: 'forger' });
      for (const bytes of messages) await jetstream(connection).publish(AUDIT_STREAM.subject, bytes);
      await connection.close();
      return faultIn(await all(b.log));
    };
    expect(await anew([one, two, three, four])).toBeUndefined();
    expect(await anew([one, three, four])).toMatch(/^2: it was not written after what is now before it/);
    expect(await anew([two, three, four])).toMatch(/^1: it was not written after/);
    expect(await anew([one, three, two, four])).toMatch(/^2: it was not written after/);
    const changed = Buffer.from(Buffer.from(two).toString().replace('two', 'TWO'));
    expect(await anew([one, changed, three, four])).toBe('2: it was changed: its hash is of another text');
    const previous = { sequence: 1, hash: Buffer.from(one).toString('utf8', 0, 64) };
    const forgery = encodeAudit({ v: 1, writer: 'w', number: 2, previous, entries: [entry('forged')] });
    expect(await anew([one, forgery, three, four])).toMatch(/^3: it was not written after/);
  });
});
