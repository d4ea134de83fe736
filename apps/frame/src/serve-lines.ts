import { requestLines, type Bus } from '@vectorizer/contracts';
import type { RecentLines } from '@vectorizer/telemetry';

/** Answers what this process has written about a request. */
export function serveLines(bus: Bus, recent: RecentLines, place: string): void {
  bus.serve(requestLines, ({ correlation_id, limit }) =>
    Promise.resolve({ place, lines: recent.of(correlation_id, limit) }),
  );
}
