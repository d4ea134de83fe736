import { VectorizerClient, type CollectionState } from '@vectorizer/client';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { lastJson, runCommand, startCommand } from './command.ts';

type Started = { readonly url: string; readonly pid: number; readonly data: string };
type Status = {
  readonly running: boolean;
  readonly pid: number;
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly alive: boolean }[];
};

/** A running instance, driven only through its command line and its public API. */
export type System = AsyncDisposable & {
  readonly url: string;
  readonly data: string;
  readonly client: VectorizerClient;
  status(): Promise<Status>;
  /** Kills every process of the instance, the supervisor first, so that nothing is started again or stopped in order. */
  killEverything(): Promise<void>;
  down(): Promise<void>;
  /** Starts again on the same data and, so that clients find it, on the same port. */
  up(): Promise<void>;
};

const MODES = { standalone: ['up'], cluster: ['cluster', 'up', '--nodes', '1'] } as const;

export async function startSystem(
  mode: keyof typeof MODES = 'standalone',
  environment: Record<string, string> = {},
): Promise<System> {
  const directory = await temporaryDirectory();
  const data = directory.path;
  const start = async (port: number): Promise<Started> => {
    const args = [...MODES[mode], '--port', String(port), '--data', data, '--detach', '--json'];
    const ended = await startCommand(args, environment).ended;
    if (ended.code !== 0) throw new Error(`cannot start: ${ended.err}`);
    return lastJson(ended) as Started;
  };
  const { url } = await start(0);
  const client = new VectorizerClient({ url });
  const status = async (): Promise<Status> => lastJson(await runCommand('status', '--data', data, '--json')) as Status;
  return {
    url,
    data,
    client,
    status,
    async killEverything() {
      const { pid, processes } = await status();
      for (const victim of [pid, ...processes.map((each) => each.pid)]) process.kill(victim, 'SIGKILL');
      await until(async () => (await status()).processes.every(({ alive }) => !alive), { timeoutMs: 10_000 });
    },
    async down() {
      const { code, err } = await runCommand('down', '--data', data);
      if (code !== 0) throw new Error(`cannot stop: ${err}`);
    },
    async up() {
      await start(Number(new URL(url).port));
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await runCommand('down', '--data', data);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The collection's state once every replica has applied all that was written, and its graph holds all of it. */
export async function settled(client: VectorizerClient, collection: string): Promise<CollectionState> {
  let state = await client.getCollection(collection);
  await until(
    async () => {
      state = await client.getCollection(collection);
      return state.shards.every(({ replicas }) =>
        replicas.every(({ phase, buffered }) => phase === 'following' && buffered === 0),
      );
    },
    { timeoutMs: 60_000, what: `${collection} being settled` },
  );
  return state;
}
