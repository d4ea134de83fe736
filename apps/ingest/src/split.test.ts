import { describe, expect, it } from '@jest/globals';
import type { Operation, Outcome } from '@vectorizer/contracts';
import { joinOutcomes, splitByShard } from './split.ts';

const ops: Operation[] = ['a', 'b', 'c', 'd'].map((id) => ({ kind: 'delete', id }));
const parts = splitByShard(ops, 2);
const deleted: Outcome = { status: 'deleted' };

describe('joinOutcomes', () => {
  it('gives each operation what its shard says of it', () => {
    const answers = parts.map((part) => ({
      part,
      outcomes: part.places.map((place): Outcome => ({ status: 'created', version: place })),
    }));
    expect(joinOutcomes(answers)).toEqual(ops.map((_, place) => ({ status: 'created', version: place })));
  });

  it('takes an operation that no shard speaks of for a fault of ours, and not for a refused one', () => {
    const answers = parts.map((part) => ({ part, outcomes: part.places.slice(1).map(() => deleted) }));
    const join = (): Outcome[] => joinOutcomes(answers);
    expect(join).toThrow(expect.objectContaining({ type: 'internal_error' }));
    // Of what goes to every shard, each has to answer.
    const all = splitByShard([{ kind: 'delete_by_filter', filter: { must: [] } }], 2);
    const some = all.map((part) => ({ part, outcomes: part.shard === 0 ? [deleted] : [] }));
    expect(() => joinOutcomes(some)).toThrow(expect.objectContaining({ type: 'internal_error' }));
  });
});
