import { redact } from './redact.ts';
import { correlationIdNow, outsideRequests } from './request-context.ts';

/** Warnings that are the same are written once in this time, and counted. */
const WINDOW_MS = 5_000;
/** Of a line that belongs to a request, since each is of another one, and is looked for by its correlation id. */
const IN_REQUESTS_MAX = 20;
/** Different warnings at once; beyond them the oldest is forgotten, and may come again. */
const KNOWN_MAX = 1_000;
/** What tells two requests, or two moments, apart, but not two warnings. */
const PASSING = /^(correlation_id|trace_id|span_id|time|at|ms|.*_ms|path|entries|details)$/;

/** Writes how many lines were left out. */
type WriteCount = (suppressed: number) => void;
type Window = { written: number; suppressed: number; readonly endsMs: number; writeCount: WriteCount | undefined };

/** Keeps what repeats itself from filling the log. */
export class Repeats {
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;

  constructor(now: () => number = (): number => performance.now()) {
    this.#now = now;
  }

  /** Whether a line may be written. If not it is counted, and `writeCount` is called at the end of its time. */
  admit(identity: string, writeCount: WriteCount): boolean {
    const window = this.#windowOf(identity);
    const allowed = correlationIdNow() === undefined ? 1 : IN_REQUESTS_MAX;
    if (window.written < allowed) {
      window.written += 1;
      return true;
    }
    window.suppressed += 1;
    if (window.writeCount === undefined) {
      window.writeCount = writeCount;
      const leftMs = Math.max(0, window.endsMs - this.#now());
      outsideRequests(() => setTimeout(() => this.#end(identity, window), leftMs).unref());
    }
    return false;
  }

  #windowOf(identity: string): Window {
    const known = this.#windows.get(identity);
    if (known !== undefined && (known.writeCount !== undefined || known.endsMs > this.#now())) return known;
    this.#windows.delete(identity);
    const window: Window = { written: 0, suppressed: 0, endsMs: this.#now() + WINDOW_MS, writeCount: undefined };
    this.#windows.set(identity, window);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > KNOWN_MAX && oldest !== undefined) this.#windows.delete(oldest);
    return window;
  }

  #end(identity: string, window: Window): void {
    if (this.#windows.get(identity) === window) this.#windows.delete(identity);
    window.writeCount?.(window.suppressed);
  }
}

const asOneOf = new WeakMap<object, string>();

/**
 * The fields of a line that informs, of which a client decides how many there are: one about a refused request. Of a kind
 * some are written, and the others counted, as those of warnings are.
 */
export function oneOf<Fields extends object>(kind: string, fields: Fields): Fields {
  asOneOf.set(fields, kind);
  return fields;
}

export function kindOf(fields: unknown): string | undefined {
  return typeof fields === 'object' && fields !== null ? asOneOf.get(fields) : undefined;
}

/** What makes two lines the same: who writes them, the message, and every field that is not of the moment. */
export function identityOf(bindings: object, fields: unknown, message: unknown): string {
  const said = { bindings, message, fields: redact({ fields }) };
  return JSON.stringify(said, (name, value: unknown) => {
    if (PASSING.test(name) || name === 'stack') return undefined;
    // "17 entries behind" is of the moment as well.
    return name === 'message' && typeof value === 'string' ? value.replaceAll(/\d+/g, '#') : value;
  });
}

/** The fields of a line that are not of the moment. */
export function lasting(fields: unknown): Record<string, unknown> {
  if (fields instanceof Error) return { err: fields };
  if (typeof fields !== 'object' || fields === null) return {};
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !PASSING.test(name)));
}
