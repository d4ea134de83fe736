import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { createLogger } from '../logging/logger.ts';
import { onFailedExport } from './failed-exports.ts';
import { HeadSampler } from './head-sampler.ts';

describe('an export that fails', () => {
  it('is told of now and then, and ends what is drawn for a while, but not what callers record', () => {
    let nowMs = 5_000;
    const lines: string[] = [];
    const sampler = new HeadSampler(1, () => nowMs);
    const logger = createLogger({
      service: 'query',
      level: 'warn',
      destination: { write: (line) => lines.push(line) },
    });
    const failed = onFailedExport(sampler, { logger, now: () => nowMs });
    expect(sampler.placeOf(ROOT_CONTEXT)).toBeDefined();

    failed(new Error('getaddrinfo ENOTFOUND otel-collector'));
    expect(sampler.placeOf(ROOT_CONTEXT)).toBeUndefined();
    const caller = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
    const recorded = trace.setSpanContext(ROOT_CONTEXT, { ...caller, traceFlags: TraceFlags.SAMPLED });
    expect(sampler.placeOf(recorded)).toBeDefined();

    nowMs += 60_000;
    expect(sampler.placeOf(ROOT_CONTEXT)).toBeDefined();
    failed(new Error('again'));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['spans were not exported']);
    nowMs += 600_000;
    failed(new Error('still'));
    expect(lines).toHaveLength(2);
  });
});
