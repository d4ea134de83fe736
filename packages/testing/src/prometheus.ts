import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from './find-binary.ts';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { until } from './until.ts';

/** One series of an answer: its labels, and its value now. */
export type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: number };
export type FiringAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
  readonly activeAt: string;
};

/** A real Prometheus on loopback. */
export type Prometheus = AsyncDisposable & {
  readonly url: string;
  /** What an expression is now. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The alerts that are pending or firing. */
  alerts(): Promise<readonly FiringAlert[]>;
};

export async function startPrometheus(options: {
  /** The text of its configuration. */
  readonly config: string;
  /** By which its relative paths go. */
  readonly directory: string;
}): Promise<Prometheus> {
  const store = await mkdtemp(join(tmpdir(), 'vectorizer-prometheus-'));
  const port = await freePort();
  // Beside the rules that it names.
  const file = join(options.directory, `.prometheus-${port}.yml`);
  await writeFile(file, options.config);
  const url = `http://127.0.0.1:${port}`;
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${store}`, `--web.listen-address=127.0.0.1:${port}`];
  const server = new ServerProcess(findBinary('prometheus', 'prometheus/bin'), args, () =>
    until(async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true, {
      what: 'prometheus being ready',
    }),
  );
  const ask = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error ?? 'refused'}`);
    return answer.data;
  };
  try {
    await server.start();
  } finally {
    await rm(file, { force: true });
  }
  return {
    url,
    async query(expression) {
      const { result } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as { result: RawSample[] };
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    alerts: async () => ((await ask('alerts')) as { alerts: FiringAlert[] }).alerts,
    async [Symbol.asyncDispose]() {
      await server.kill();
      await rm(store, { recursive: true, force: true });
    },
  };
}

type Answer = { readonly status: string; readonly error?: string; readonly data: unknown };
type RawSample = { readonly metric: Record<string, string>; readonly value: readonly [number, string] };
