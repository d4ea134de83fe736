import { describe, expect, it } from '@jest/globals';
import { figureNames } from '../src/figures.ts';
import { boundsOf, budgeted, check, describeBounds, readBudgets } from '../src/outcome/budgets.ts';

const budgets = { a: { min: 2, quick: { min: 1 } }, b: { max: 3, recall: 0.95 }, c: { min: 1, quick: {} } };
const result = (name: string, value: number, recall?: number) => ({
  name,
  value,
  unit: 'ratio',
  cv: 0,
  ...(recall === undefined ? {} : { recall }),
});

describe('budgets', () => {
  it('hold each figure that has one, and no other', () => {
    expect(check([result('a', 2), result('b', 3, 0.95), result('z', 0)], budgets, false)).toEqual({
      held: 2,
      breaches: [],
    });
  });

  it('name the figure, its value and the bound in a breach', () => {
    expect(check([result('a', 1.5), result('b', 3.5, 0.9)], budgets, false).breaches).toEqual([
      'a is 1.500; its budget is at least 2',
      'b is 3.500; its budget is at most 3',
      'b has a recall of 0.9000; its budget is at least 0.95',
    ]);
  });

  it('have bounds of their own for a quick run, or none', () => {
    expect(check([result('a', 1.5), result('c', 0)], budgets, true)).toEqual({ held: 1, breaches: [] });
    expect(boundsOf(budgets, 'b', true)).toMatchObject({ max: 3 });
  });

  it('tell which figures have one', () => {
    expect(budgeted(budgets, false)).toEqual(['a', 'b', 'c']);
    expect(budgeted(budgets, true)).toEqual(['a', 'b']);
  });

  it('are broken by what is no number, and by a recall that is missing', () => {
    expect(check([result('a', NaN), result('b', 1)], budgets, false).breaches).toHaveLength(2);
  });

  it('read as they are', () => {
    expect(describeBounds({ min: 2, recall: 0.95 })).toBe('≥ 2, recall ≥ 0.95');
  });
});

describe('budgets.json', () => {
  const present = readBudgets();

  it('has bounds that are numbers', () => {
    for (const { quick = {}, ...full } of Object.values(present)) {
      expect(Object.keys({ ...quick, ...full }).filter((key) => !['min', 'max', 'recall'].includes(key))).toEqual([]);
      expect(Object.values({ ...quick, ...full }).every((bound) => Number.isFinite(bound))).toBe(true);
    }
  });

  it('names figures that there are', () => {
    expect(Object.keys(present).filter((name) => !figureNames().includes(name))).toEqual([]);
  });

  it('asks for no more of a quick run than of a full one', () => {
    for (const [name, { quick, ...full }] of Object.entries(present)) {
      if (quick === undefined) continue;
      expect([name, (quick.min ?? -Infinity) <= (full.min ?? Infinity)]).toEqual([name, true]);
      expect([name, (quick.max ?? Infinity) >= (full.max ?? -Infinity)]).toEqual([name, true]);
    }
  });
});
