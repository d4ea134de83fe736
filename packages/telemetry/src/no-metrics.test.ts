import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram } from 'prom-client';
import { countNothing, inertMetric } from './no-metrics.ts';

/** What nobody who counts calls: of the registry, and of exemplars, which are off. */
const OF_THE_REGISTRY = /^(constructor|get.*|_.*|.*Exemplar)$/;

describe('what takes the place of a metric', () => {
  it('is asked for only where nothing is counted, and does nothing of all that metrics do', () => {
    expect(inertMetric()).toBeUndefined();
    countNothing();
    const inert = inertMetric() as Readonly<Record<string, unknown>>;
    const methods = [Counter, Gauge, Histogram].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
    const wanted = new Set(methods.filter((name) => !OF_THE_REGISTRY.test(name)));
    expect([...wanted].filter((name) => typeof inert[name] !== 'function')).toEqual([]);
  });
});
