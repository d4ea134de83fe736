import { hostname } from 'node:os';
import { ActivityTeller } from './activity.ts';
import type { Foundation } from './foundation.ts';
import { serveLines } from './serve-lines.ts';

type Told = Pick<Foundation, 'service' | 'bus' | 'logger' | 'recentLines'>;

/** From here on others hear what this process does, and may ask what it has written about a request. */
export function tellOfProcess(process: Told, port: number): ActivityTeller {
  const place = `${hostname()}:${port}`;
  serveLines(process.bus, process.recentLines, place);
  return new ActivityTeller({ ...process, place });
}
