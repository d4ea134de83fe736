import {
  createContextKey,
  isSpanContextValid,
  SamplingDecision,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';

/** Marks a place as that of a request which was drawn, so that the SDK does not draw once more. */
const DRAWN = createContextKey('vectorizer: drawn');
/** Long against the seconds for which an exporter tries again, in which requests are recorded in vain. */
const REST_MS = 60_000;

/**
 * A share of what begins here is recorded, and what its caller records: `parentbased_traceidratio`, decided before there is a
 * span. The SDK's own asks for an identity, a span and a context of each request, also of the nine in ten that come to nothing.
 * An identity made here is random, so a draw is as good as a look at it.
 */
export class HeadSampler {
  readonly #share: number;
  readonly #now: () => number;
  #restsUntilMs = -Infinity;

  constructor(share: number, now: () => number = () => performance.now()) {
    this.#share = share;
    this.#now = now;
  }

  /** Draws nobody for a while, since nobody takes what is recorded. What a caller records is recorded all the same. */
  rest(): void {
    this.#restsUntilMs = this.#now() + REST_MS;
  }

  /** The place below which a request's span is to begin; undefined when it is not recorded. */
  placeOf(parent: Context): Context | undefined {
    const decided = decisionOfCaller(parent);
    if (decided !== undefined) return decided ? parent : undefined;
    return this.#draw() ? parent.setValue(DRAWN, true) : undefined;
  }

  /** The SDK asks this of every span, and of those that a watched library would begin by itself. */
  shouldSample(parent: Context): { readonly decision: SamplingDecision } {
    const isSampled = decisionOfCaller(parent) ?? (parent.getValue(DRAWN) === true || this.#draw());
    return { decision: isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return `HeadSampler{${this.#share}}`;
  }

  #draw(): boolean {
    return Math.random() < this.#share && this.#now() >= this.#restsUntilMs;
  }
}

function decisionOfCaller(parent: Context): boolean | undefined {
  const caller = trace.getSpanContext(parent);
  if (caller === undefined || !isSpanContextValid(caller)) return undefined;
  return (caller.traceFlags & TraceFlags.SAMPLED) !== 0;
}
