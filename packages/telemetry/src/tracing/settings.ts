export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What OpenTelemetry's variables are where nobody has set them. A tenth of the requests is recorded, and what their
 * callers record; of the libraries that are watched only what this project's processes call out with, and none that would
 * cost every request.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.1',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,ioredis,undici',
};

/** The share that is drawn where it can be drawn ahead of the SDK; any other sampler decides by itself. */
export function shareOf({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }: Environment): number | undefined {
  if (OTEL_TRACES_SAMPLER !== 'parentbased_traceidratio') return undefined;
  const share = Number(OTEL_TRACES_SAMPLER_ARG);
  return share >= 0 && share <= 1 ? share : undefined;
}

/**
 * The variables to run with, or undefined when spans are to go nowhere: off is what you get unless an exporter or the
 * address of one is named.
 */
export function tracingSettings(environment: Environment): Readonly<Record<string, string>> | undefined {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  if (given['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || given['OTEL_TRACES_EXPORTER'] === 'none')
    return undefined;
  const named = ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (!named.some((name) => given[name] !== undefined)) return undefined;
  return Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, given[name] ?? value]));
}
