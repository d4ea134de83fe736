import { LRUCache } from 'lru-cache';
import type { Filter } from '@vectorizer/contracts';
import type { Plan } from './plan.ts';

/** Some hundred plans that let a tenth of a million points through. */
const BYTES_MAX = 8 * 1024 * 1024;
/** Of a plan with its key, beyond what is counted. */
const BYTES_EACH = 1_024;
/** A filter of many values costs more to name than to plan. */
const KEY_CHARACTERS_MAX = 4_096;

/**
 * Plans of filters that are asked again and again, until a change makes them out of date. Working out which points a filter lets
 * through, and listing them, takes as long as a search where they are many.
 */
export class PlanCache {
  readonly #plans = new LRUCache<string, Plan>({
    maxSize: BYTES_MAX,
    sizeCalculation: (plan, key) => plan.byteLength + key.length * 2 + BYTES_EACH,
  });

  plan(filter: Filter, make: (filter: Filter) => Plan): Plan {
    const key = JSON.stringify(filter);
    if (key.length > KEY_CHARACTERS_MAX) return make(filter);
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = make(filter);
    this.#plans.set(key, plan);
    return plan;
  }

  clear(): void {
    this.#plans.clear();
  }
}
