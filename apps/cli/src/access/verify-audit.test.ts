import { describe, expect, it } from '@jest/globals';
import { AUDIT_START, encodeAudit, nextAudit, type AuditEntry, type AuditHead } from '@vectorizer/contracts';
import type { AuditChainPart } from '@vectorizer/client';
import { verifyAudit } from './verify-audit.ts';

const entry: AuditEntry = {
  at: '2026-01-01T00:00:00.000Z',
  actor: 'key:a',
  actor_name: 'a',
  action: 'vectors.upsert',
  target: '/api/v1/collections/books/vectors',
  result: 'ok',
  status: 200,
  count: 100,
  address: '127.0.0.1',
  correlation_id: 'c',
};

function act(change: string, result: AuditEntry['result']): AuditEntry {
  return { ...entry, change, result };
}

type Stored = { readonly sequence: number; readonly data: string };

function write(length: number): Stored[] {
  let previous: AuditHead = AUDIT_START;
  return Array.from({ length }, (_, i) => {
    const bytes = encodeAudit({ v: 1, writer: 'w', number: i + 1, previous, entries: [entry, entry] });
    previous = nextAudit(previous, i + 1, bytes);
    return { sequence: i + 1, data: Buffer.from(bytes).toString('base64') };
  });
}

const NOW_MS = Date.parse('2027-06-01T00:00:00Z');

/** As the gateway answers it, a few messages at a time, of a log that is old enough to have lost some. */
function served(
  messages: readonly Stored[],
  { last = 9, created = '2026-01-01T00:00:00Z' } = {},
): (after: number) => Promise<AuditChainPart> {
  const first = messages[0]?.sequence ?? 1;
  return async (after) =>
    Promise.resolve({
      first,
      last,
      created,
      messages: messages.filter(({ sequence }) => sequence > after).slice(0, 4),
    });
}

async function faultsOf(messages: readonly Stored[], known?: AuditHead): Promise<readonly string[]> {
  return (await verifyAudit(served(messages), { known, nowMs: NOW_MS })).faults;
}

describe('audit verify', () => {
  const whole = write(9);
  it('finds nothing wrong with what is as it was written', async () => {
    const verdict = await verifyAudit(served(whole), { nowMs: NOW_MS });
    expect(verdict).toMatchObject({ messages: 9, entries: 18, faults: [], head: { sequence: 9 } });
    expect(await faultsOf(whole, verdict.head)).toEqual([]);
    expect(await verifyAudit(served([], { last: 0 }), { nowMs: NOW_MS })).toMatchObject({ messages: 0, faults: [] });
  });

  it('finds an entry that was removed, wherever that was', async () => {
    for (let i = 1; i < 9; i++) {
      const faults = await faultsOf(whole.toSpliced(i, 1));
      expect(faults.join()).toMatch(i === 8 ? 'messages 9 to 9 were removed' : `message ${i + 2}: what was between`);
    }
  });

  it('finds an entry that was changed, wherever that was', async () => {
    for (let i = 0; i < 9; i++) {
      const text = Buffer.from(whole[i]?.data ?? '', 'base64')
        .toString()
        .replace('"count":100', '"count":900');
      const changed = { sequence: i + 1, data: Buffer.from(text).toString('base64') };
      expect((await faultsOf(whole.with(i, changed)))[0]).toBe(
        `message ${i + 1}: it was changed: its hash is of another text`,
      );
    }
  });

  it('finds entries that were moved', async () => {
    for (let i = 0; i < 8; i++) {
      const [one, other] = [whole[i]?.data ?? '', whole[i + 1]?.data ?? ''];
      const moved = whole.with(i, { sequence: i + 1, data: other }).with(i + 1, { sequence: i + 2, data: one });
      expect((await faultsOf(moved))[0]).toMatch(`message ${i + 1}: it was not written after what is now before it`);
    }
  });

  it('finds a log that was made anew, by where it once ended', async () => {
    const { head } = await verifyAudit(served(whole.slice(0, 5), { last: 5 }), { nowMs: NOW_MS });
    expect(await faultsOf(whole, head)).toEqual([]);
    const other = { sequence: 5, hash: 'a'.repeat(64) };
    expect(await faultsOf(whole, other)).toEqual(['the log does not go through message 5 as it once was']);
  });

  it('tells of acts that were begun, and of which nothing says what came of them', async () => {
    const entries = [act('a', 'begun'), act('b', 'begun'), act('a', 'ok'), act('c', 'begun'), act('c', 'failed')];
    const bytes = encodeAudit({ v: 1, writer: 'w', number: 1, previous: AUDIT_START, entries });
    const log = served([{ sequence: 1, data: Buffer.from(bytes).toString('base64') }], { last: 1 });
    expect(await verifyAudit(log, { nowMs: NOW_MS })).toMatchObject({ faults: [], untold: [{ change: 'b' }] });
  });

  it('takes a log whose oldest messages have aged away as it is from there on', async () => {
    expect(await faultsOf(whole.slice(4))).toEqual([]);
    expect(await faultsOf(whole.slice(4).toSpliced(2, 1))).toHaveLength(1);
  });

  it('finds that the oldest were removed from a log that is too young for that', async () => {
    const young = served(whole.slice(4), { created: '2027-01-01T00:00:00Z' });
    expect((await verifyAudit(young, { nowMs: NOW_MS })).faults).toEqual([
      'messages 1 to 4 were removed: the log is too young for them to have aged away',
    ]);
  });
});
