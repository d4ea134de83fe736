import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '@vectorizer/contracts';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, until, type NatsServer } from '@vectorizer/testing';
import type { Claim, Claims } from './claims.ts';
import { connectNats } from './connection.ts';
import { Leases, type Lease } from './leases.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

let nats: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  nats = await startNats();
  connection = await connectNats({ servers: nats.url, name: 'test' });
});
afterAll(async () => {
  await connection?.close();
  await nats?.[Symbol.asyncDispose]();
});

/** A process with a connection of its own, and one lease behind all of its claims. */
type Process = AsyncDisposable & { readonly claims: Claims; readonly lease: Lease; cutOff(): Promise<void> };

async function startProcess(name: string, seat?: string): Promise<Process> {
  const own = await connectNats({ servers: nats.url, name });
  const leases = await Leases.open({ connection: own, replicas: 1, logger });
  const owner = `${seat ?? ''}${name}`;
  const lease = seat === undefined ? leases.hold(name, owner) : leases.holdFrom(seat, { name: 'seat', owner });
  const claims = leases.claims();
  claims.standOn(lease);
  return {
    claims,
    lease,
    cutOff: () => own.close(),
    async [Symbol.asyncDispose]() {
      await claims.close();
      await lease.close();
      await own.close();
    },
  };
}

async function bucket(name: string): Promise<KV> {
  return new Kvm(jetstream(connection)).open(name);
}

async function granted(): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of await (await bucket(buckets.claims)).keys()) keys.push(key);
  return keys;
}

const held = (claim: Claim): Promise<void> => until(() => claim.held);

describe('claims', () => {
  it('have one holder of each name, who is followed by another when it gives up', async () => {
    await using a = await startProcess('a');
    await using b = await startProcess('b');
    const changes: string[] = [];
    const first = a.claims.hold('one', () => changes.push(`a ${first.held}`));
    await held(first);
    const second = b.claims.hold('one', () => changes.push(`b ${second.held}`));
    const other = b.claims.hold('two');
    await held(other);
    expect(second.held).toBe(false);
    first.close();
    expect(first.held).toBe(false);
    await held(second);
    expect(changes).toEqual(['a true', 'a false', 'b true']);
    for (const claim of [second, other]) claim.close();
    await until(async () => (await granted()).length === 0, { what: 'nothing being left' });
  });

  it('say nothing to the log servers while they are held', async () => {
    await using a = await startProcess('a');
    const claims = Array.from({ length: 20 }, (_, i) => a.claims.hold(`quiet-${i}`));
    await until(() => claims.every((claim) => claim.held));
    const [grants, renewals] = [buckets.claims, buckets.leases].map((name) => connection.subscribe(`$KV.${name}.>`));
    await until(() => (renewals?.getReceived() ?? 0) >= 3);
    expect(grants?.getReceived()).toBe(0);
    expect(claims.every((claim) => claim.held)).toBe(true);
  });

  it('pass from a process that is cut off, which stops to act before another begins', async () => {
    await using a = await startProcess('a');
    await using b = await startProcess('b');
    const order: string[] = [];
    const first = a.claims.hold('cut', () => order.push(`a ${first.held}`));
    await held(first);
    const second = b.claims.hold('cut', () => order.push(`b ${second.held}`));
    await a.cutOff();
    await held(second);
    expect(first.held).toBe(false);
    expect(order).toEqual(['a true', 'a false', 'b true']);
  });

  it('pass at once to the successor of a process that was killed', async () => {
    await using killed = await startProcess('1', 'here#');
    const first = killed.claims.hold('inherited');
    await held(first);
    await killed.cutOff();
    await using next = await startProcess('2', 'here#');
    const second = next.claims.hold('inherited');
    await until(() => second.held, { timeoutMs: 3_000, what: 'the successor holding it, before the lease would end' });
  });

  it('are not held after a gap in which another may have had them, until they are granted anew', async () => {
    await using a = await startProcess('a');
    const claim = a.claims.hold('gap');
    await held(claim);
    const [leases, grants] = [await bucket(buckets.leases), await bucket(buckets.claims)];
    const before = await grants.get('gap');
    // As it is when all log servers have restarted.
    await leases.purge(a.lease.name);
    await until(() => !claim.held);
    await held(claim);
    const after = await grants.get('gap');
    expect(after?.json()).toMatchObject({ lease: 'a', owner: 'a' });
    expect(after?.json<{ id: string }>().id).not.toBe(before?.json<{ id: string }>().id);
  });

  it('are never held by two, however often the lease behind them lapses', async () => {
    await using a = await startProcess('a');
    await using b = await startProcess('b');
    const both: string[] = [];
    const note = (): void => {
      if (first.held && second.held) both.push('held by two');
    };
    const first = a.claims.hold('lost', note);
    const second = b.claims.hold('lost', note);
    for (let i = 0; i < 2; i++) {
      await until(() => first.held || second.held);
      nats.pause();
      await until(() => !first.held && !second.held);
      nats.resume();
    }
    await until(() => first.held || second.held);
    expect(both).toEqual([]);
  });

  it('leave nothing of a process that is gone, when nobody wants the name any more', async () => {
    await using b = await startProcess('b');
    const waiting = b.claims.hold('orphan');
    {
      await using a = await startProcess('a');
      const first = a.claims.hold('orphan');
      await until(() => first.held || waiting.held);
    }
    waiting.close();
    await until(async () => !(await granted()).includes('orphan'));
  });
});
