import type { DashboardSample } from '@vectorizer/contracts';
import { ApiError } from '../api/call.ts';
import { key } from '../api/key.ts';
import { Observable } from '../ui/observable.ts';
import { changesBetween, type Change } from './changes.ts';
import { extend, NO_HISTORY, type History } from './history.ts';
import { samples } from './samples.ts';

/** What the page knows of the cluster, and whether it is hearing of it now. */
export type Live = {
  readonly phase: 'connecting' | 'live' | 'lost' | 'refused';
  /** Why it is lost or refused. */
  readonly reason?: string;
  readonly sample?: DashboardSample;
  readonly history: History;
  /** Newest first. */
  readonly changes: readonly Change[];
};

const CHANGES_MAX = 50;
const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 8_000;

const NOTHING: Live = { phase: 'connecting', history: NO_HISTORY, changes: [] };

export const live = new Observable(NOTHING);

/** Follows the cluster for as long as the page is open, and begins anew, with nothing, with each key. */
export function followAlways(): void {
  let following = new AbortController();
  const begin = (): void => {
    following.abort();
    following = new AbortController();
    live.set(NOTHING);
    void follow(following.signal);
  };
  key.subscribe(begin);
  begin();
}

/** Follows the cluster until told to stop; comes back when the connection is lost, and stops when it is refused. */
async function follow(signal: AbortSignal): Promise<void> {
  let retryMs = RETRY_MS_FIRST;
  while (!signal.aborted) {
    try {
      for await (const sample of samples(signal)) {
        if (signal.aborted) return;
        live.set(after(live.get(), sample));
        retryMs = RETRY_MS_FIRST;
      }
      lose('the server has ended the stream');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        live.set({ ...live.get(), phase: 'refused', reason: error.message });
        return;
      }
      lose(error instanceof Error ? error.message : String(error));
    }
    await pause(retryMs, signal);
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
  }
}

function after({ sample: before, history, changes }: Live, sample: DashboardSample): Live {
  const news = before === undefined ? [] : changesBetween(before, sample);
  return {
    phase: 'live',
    sample,
    history: extend(history, sample),
    changes: news.length === 0 ? changes : [...news.toReversed(), ...changes].slice(0, CHANGES_MAX),
  };
}

function lose(reason: string): void {
  live.set({ ...live.get(), phase: 'lost', reason });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
