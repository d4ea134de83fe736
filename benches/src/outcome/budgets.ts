import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Result } from './result.ts';

/** Ratios and recalls only, since machines differ. */
export const BUDGETS_FILE = resolve(import.meta.dirname, '../../budgets.json');

/** Of the value; `recall` is the least that may stand beside it. */
export type Bounds = { readonly min?: number; readonly max?: number; readonly recall?: number };
/** `quick` replaces the bounds for a quick run, {} for none. */
export type Budgets = Readonly<Record<string, Bounds & { readonly quick?: Bounds }>>;

/** The program's own file; a test holds it to this shape. */
export function readBudgets(file = BUDGETS_FILE): Budgets {
  return JSON.parse(readFileSync(file, 'utf8')) as Budgets;
}

export function boundsOf(budgets: Budgets, name: string, quick: boolean): Bounds | undefined {
  const budget = budgets[name];
  return quick ? (budget?.quick ?? budget) : budget;
}

/** The figures that have a bound. */
export function budgeted(budgets: Budgets, quick: boolean): readonly string[] {
  return Object.keys(budgets).filter((name) => Object.keys(boundsOf(budgets, name, quick) ?? {}).length > 0);
}

export type Checked = {
  /** How many figures were held against a bound. */
  readonly held: number;
  /** One line for each that is outside. */
  readonly breaches: readonly string[];
};

/** A figure that is no number is outside of any bound. */
export function check(results: readonly Result[], budgets: Budgets, quick: boolean): Checked {
  const breaches: string[] = [];
  let held = 0;
  for (const { name, value, recall } of results) {
    const { min, max, recall: recallMin } = boundsOf(budgets, name, quick) ?? {};
    if (min === undefined && max === undefined && recallMin === undefined) continue;
    held += 1;
    if (min !== undefined && !(value >= min))
      breaches.push(`${name} is ${shown(value)}; its budget is at least ${min}`);
    if (max !== undefined && !(value <= max)) breaches.push(`${name} is ${shown(value)}; its budget is at most ${max}`);
    if (recallMin !== undefined && !((recall ?? NaN) >= recallMin))
      breaches.push(`${name} has a recall of ${shown(recall ?? NaN)}; its budget is at least ${recallMin}`);
  }
  return { held, breaches };
}

/** As a reader of the table sees it. */
export function describeBounds({ min, max, recall }: Bounds): string {
  return [
    min === undefined ? [] : [`≥ ${min}`],
    max === undefined ? [] : [`≤ ${max}`],
    recall === undefined ? [] : [`recall ≥ ${recall}`],
  ]
    .flat()
    .join(', ');
}

function shown(value: number): string {
  return value.toPrecision(4);
}
