import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, SamplingDecision, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { HeadSampler } from './head-sampler.ts';

const DRAWS = 20_000;

function below(traceFlags: TraceFlags): Context {
  const caller = {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    traceFlags,
    isRemote: true,
  };
  return trace.setSpanContext(ROOT_CONTEXT, caller);
}

function recorded(sampler: HeadSampler, place: Context): boolean {
  return sampler.shouldSample(place).decision === SamplingDecision.RECORD_AND_SAMPLED;
}

describe('HeadSampler', () => {
  it('takes its share of what begins here, and the SDK then records all of that', () => {
    const sampler = new HeadSampler(0.1);
    const places = Array.from({ length: DRAWS }, () => sampler.placeOf(ROOT_CONTEXT)).filter(
      (place) => place !== undefined,
    );
    // Five standard deviations: one run in two million is further off.
    expect(Math.abs(places.length - 0.1 * DRAWS)).toBeLessThan(5 * Math.sqrt(DRAWS * 0.1 * 0.9));
    expect(places.every((place) => recorded(sampler, place))).toBe(true);
  });

  it('takes the same share of what a watched library begins', () => {
    const sampler = new HeadSampler(0.1);
    const count = Array.from({ length: DRAWS }).filter(() => recorded(sampler, ROOT_CONTEXT)).length;
    expect(Math.abs(count - 0.1 * DRAWS)).toBeLessThan(5 * Math.sqrt(DRAWS * 0.1 * 0.9));
  });

  it('does as the caller does', () => {
    const [none, all] = [new HeadSampler(0), new HeadSampler(1)];
    expect(none.placeOf(below(TraceFlags.SAMPLED))).toBeDefined();
    expect(recorded(none, below(TraceFlags.SAMPLED))).toBe(true);
    expect(all.placeOf(below(TraceFlags.NONE))).toBeUndefined();
    expect(recorded(all, below(TraceFlags.NONE))).toBe(false);
  });

  it('draws for a caller whose identity is none', () => {
    const nobody = trace.setSpanContext(ROOT_CONTEXT, { traceId: '0', spanId: '0', traceFlags: TraceFlags.SAMPLED });
    expect(new HeadSampler(0).placeOf(nobody)).toBeUndefined();
    const place = new HeadSampler(1).placeOf(nobody);
    expect(place !== undefined && recorded(new HeadSampler(0), place)).toBe(true);
  });
});
