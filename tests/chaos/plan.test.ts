import { describe, expect, it } from '@jest/globals';
import { Intents } from './intents.ts';
import { FAULT_KINDS, planFaults, type PlanOptions, type PlannedFault } from './plan.ts';

const members = ['nats-1', 'nats-2', 'nats-3', 'redis', 'index-1', 'index-2', 'index-3', 'ingest-1', 'gateway-1'];
const options = (seed: number): PlanOptions => ({
  seed,
  durationMs: 600_000,
  members,
  kinds: FAULT_KINDS,
});
const plans = Array.from({ length: 20 }, (_, seed) => planFaults(options(seed)));

const endOf = ({ atMs, forMs }: PlannedFault): number => atMs + forMs;

describe('a plan', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planFaults(options(7))).toEqual(plans[7]);
    expect(plans[8]).not.toEqual(plans[7]);
  });

  it('has every kind of fault, and every process among its targets', () => {
    const faults = plans.flat();
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    expect(new Set(faults.map(({ target }) => target))).toEqual(new Set(members));
  });

  it('tears the files of index nodes alone', () => {
    const torn = plans.flat().filter(({ kind }) => kind === 'tear');
    expect(torn.every(({ target }) => target.startsWith('index'))).toBe(true);
  });

  it('leaves a majority of the log servers, with time to elect a leader', () => {
    for (const plan of plans) {
      const struck = plan.filter(({ target }) => target.startsWith('nats'));
      const tooEarly = struck.filter((fault, i) => i > 0 && fault.atMs < endOf(struck[i - 1] ?? fault) + 6_000);
      expect(tooEarly).toEqual([]);
    }
  });
});

function take(seed: number, client: number): unknown[] {
  const intents = new Intents(seed, client);
  return Array.from({ length: 500 }, () => intents.next());
}

describe('the intents of a client', () => {
  it('are the same for the same seed, and others for another client', () => {
    expect(take(3, 1)).toEqual(take(3, 1));
    expect(take(3, 2)).not.toEqual(take(3, 1));
  });

  it('name an id once in a list', () => {
    const intents = new Intents(1, 1);
    for (let i = 0; i < 2_000; i++) {
      const intent = intents.next();
      if (intent.kind === 'read' || intent.route === 'batch') continue;
      expect(new Set(intent.ops.map(({ op }) => op.id)).size).toBe(intent.ops.length);
    }
  });
});
