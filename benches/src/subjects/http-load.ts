import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';

/**
 * The load of one client, in a thread of its own so that it does not share a core's event loop with what it measures.
 * It sends the prepared bodies over and over on `connections` keep-alive connections for `milliseconds`.
 */
export type HttpLoad = {
  readonly origin: string;
  readonly path: string;
  readonly method: 'POST' | 'PUT';
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly milliseconds: number;
  /** So many a second, each at its time, from which its latency counts; without, as fast as they are answered. */
  readonly perSecond?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

export type HttpLoadResult = {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
  readonly answers: readonly { readonly body: number; readonly text: string }[];
};

async function run(load: HttpLoad): Promise<HttpLoadResult> {
  const pool = new Pool(load.origin, { connections: load.connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  const answers = new Map<number, string>();
  const start = performance.now();
  const everyMs = load.perSecond === undefined ? 0 : 1_000 / load.perSecond;
  let next = 0;
  const connection = async (): Promise<void> => {
    while (performance.now() - start < load.milliseconds) {
      const due = start + next * everyMs;
      const body = next++ % load.bodies.length;
      const waitMs = due - performance.now();
      if (everyMs > 0 && waitMs > 0) await sleep(waitMs);
      const sent = everyMs > 0 ? due : performance.now();
      const response = await pool.request({
        path: load.path,
        method: load.method,
        body: load.bodies[body] ?? '',
        headers: { 'content-type': 'application/json', ...load.headers },
      });
      const text = await response.body.text();
      if (response.statusCode >= 300) throw new Error(`HTTP ${response.statusCode}: ${text.slice(0, 300)}`);
      latenciesMs.push(performance.now() - sent);
      answers.set(body, text);
    }
  };
  await Promise.all(Array.from({ length: load.connections }, connection));
  await pool.close();
  const seconds = (performance.now() - start) / 1_000;
  return {
    perSecond: latenciesMs.length / seconds,
    latenciesMs,
    answers: Array.from(answers, ([body, text]) => ({ body, text })),
  };
}

if (parentPort) parentPort.postMessage(await run(workerData));
