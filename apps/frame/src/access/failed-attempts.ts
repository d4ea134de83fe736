import { isIPv6 } from 'node:net';

/** Addresses that are remembered; the one that failed first is forgotten for a new one. */
const ADDRESSES_MAX = 10_000;

/** How often an address may fail: so much each second in the long run, so much at once. */
export type FailureRate = { readonly per_s: number; readonly burst: number };
export const FAILURE_RATE: FailureRate = { per_s: 5, burst: 50 };

type Count = { readonly left: number; readonly atMs: number };

/**
 * Counts the credentials that were wrong, by the address that they came from. Nobody guesses a key of 256 bits; but each guess
 * would be an entry in the audit log, and a flood of them would be a flood there. Good keys from that address are let in.
 */
export class FailedAttempts {
  readonly #rate: FailureRate;
  readonly #counts = new Map<string, Count>();

  constructor(rate: FailureRate = FAILURE_RATE) {
    this.#rate = rate;
  }

  /** Notes one, and answers after how many milliseconds the next may come: 0 is at once. */
  note(address: string, nowMs: number): number {
    const { per_s, burst } = this.#rate;
    const place = placeOf(address);
    const before = this.#counts.get(place) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, before.left + (Math.max(0, nowMs - before.atMs) * per_s) / 1_000);
    const isOver = left < 1;
    this.#counts.delete(place);
    this.#counts.set(place, { left: isOver ? left : left - 1, atMs: nowMs });
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > ADDRESSES_MAX && oldest !== undefined) this.#counts.delete(oldest);
    return isOver ? Math.ceil(((1 - left) * 1_000) / per_s) : 0;
  }
}

/** Of IPv6 the network: whoever has one address there has all of them. */
function placeOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [front = '', back] = address.split('::');
  const groups = front.split(':').filter((group) => group !== '');
  if (back !== undefined) while (groups.length < 4) groups.push('0');
  return groups.slice(0, 4).join(':');
}
