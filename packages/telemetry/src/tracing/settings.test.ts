import { describe, expect, it } from '@jest/globals';
import { shareOf, tracingSettings } from './settings.ts';

describe('tracingSettings', () => {
  it('is off unless somebody says where spans go', () => {
    expect(tracingSettings({})).toBeUndefined();
    expect(tracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBeUndefined();
    expect(tracingSettings({ OTEL_TRACES_SAMPLER: 'always_on' })).toBeUndefined();
  });

  it('is off when it is told to be, whatever else is set', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
    expect(tracingSettings({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
    expect(tracingSettings({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
  });

  it('records a tenth, and changes nothing that is set', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' };
    expect(tracingSettings(endpoint)).toMatchObject({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    });
    const own = { OTEL_TRACES_SAMPLER_ARG: '0.5', OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'dns' };
    expect(tracingSettings({ ...endpoint, ...own })).toMatchObject(own);
  });

  it('draws a share by itself, and leaves every other sampler to the SDK', () => {
    const set = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(shareOf(set)).toBe(0.25);
    expect(shareOf({ ...set, OTEL_TRACES_SAMPLER: 'always_on' })).toBeUndefined();
    expect(shareOf({ ...set, OTEL_TRACES_SAMPLER_ARG: 'a tenth' })).toBeUndefined();
    expect(shareOf({ ...set, OTEL_TRACES_SAMPLER_ARG: '10' })).toBeUndefined();
  });
});
