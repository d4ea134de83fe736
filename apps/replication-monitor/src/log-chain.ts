import { CHAIN_START, digestOfEntry, nextInChain, type Checkpoint } from '@vectorizer/contracts';
import type { Log } from '@vectorizer/log';
import type { KnownShard } from './replica-registry.ts';
import { sequencesOf, type Teller } from './told-states.ts';

/** Entries that are read to settle one question; replicas that agree on no newer sequence are left to a person. */
const ENTRIES_MAX = 20_000;
const READS_IN_FLIGHT_MAX = 16;

/**
 * The chain of a log at a sequence, from the newest sequence before it at which all these replicas agree, or from the
 * log's beginning. Undefined when the log no longer holds the way there, or it is too long.
 */
export async function chainOfLog(
  log: Log,
  { record: { uid }, shard }: KnownShard,
  { at, tellers }: { readonly at: number; readonly tellers: readonly Teller[] },
): Promise<string | undefined> {
  const start = agreedBefore(at, tellers);
  if (at - start.sequence > ENTRIES_MAX) return undefined;
  let { chain } = start;
  for (let next = start.sequence + 1; next <= at; next += READS_IN_FLIGHT_MAX) {
    const sequences = Array.from({ length: Math.min(READS_IN_FLIGHT_MAX, at - next + 1) }, (_, i) => next + i);
    const entries = await Promise.all(sequences.map(async (sequence) => log.entryAt(uid, shard, sequence)));
    for (const [i, entry] of entries.entries()) {
      if (entry === undefined) return undefined;
      chain = nextInChain(chain, { sequence: next + i, digest: digestOfEntry(entry.bytes) });
    }
  }
  return chain;
}

function agreedBefore(at: number, tellers: readonly Teller[]): Pick<Checkpoint, 'sequence' | 'chain'> {
  for (const sequence of sequencesOf(tellers)) {
    if (sequence >= at) continue;
    const chains = new Set(tellers.map(({ states }) => states.at(sequence)?.chain));
    const [chain] = chains;
    if (chains.size === 1 && chain !== undefined) return { sequence, chain };
  }
  return { sequence: 0, chain: CHAIN_START };
}
