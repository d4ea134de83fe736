import { hostname } from 'node:os';
import { ActivityTeller } from './activity.ts';
import type { Foundation } from './foundation.ts';
import { serveLines } from './serve-lines.ts';

type Told = Pick<Foundation, 'service' | 'bus' | 'logger' | 'recentLines'>;

/** Tells a process from all others: where each has a container of its own, all listen on one address and port. */
export function placeOf(port: number): string {
  return `${hostname()}:${port}`;
}

/** From here on others hear what this process does, and may ask what it has written about a request. */
export function tellOfProcess(process: Told, port: number): ActivityTeller {
  const place = placeOf(port);
  serveLines(process.bus, process.recentLines, place);
  return new ActivityTeller({ ...process, place });
}
