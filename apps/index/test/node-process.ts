import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connectNats, NatsBus } from '@vectorizer/cluster';
import { NodeId } from '@vectorizer/contracts';
import { createLogger } from '@vectorizer/telemetry';
import { HANG_MS } from '@vectorizer/testing';
import type { Node, System } from './fixture.ts';

const packageDirectory = fileURLToPath(new URL('..', import.meta.url));
const STOP_MS_MAX = 20_000;
const FLAGS = ['--conditions=@vectorizer/source', '--no-warnings', '--input-type=module', '--eval'];

export type NodeProcess = AsyncDisposable &
  Pick<Node, 'id' | 'call'> & {
    setClockBack(ms: number): Promise<void>;
    stop(): Promise<void>;
  };

/** An index node in a process of its own, reached over the log server. */
export async function startNodeProcess(
  { nats }: Pick<System, 'nats'>,
  directory: string,
  { fileKibMax }: { readonly fileKibMax?: number } = {},
): Promise<NodeProcess> {
  const script = `
    import { runIndexNode } from './test/index-node.child.ts';
    await runIndexNode(${JSON.stringify(nats.url)}, ${JSON.stringify(directory)});`;
  const limit = fileKibMax === undefined ? '' : `ulimit -f ${fileKibMax}; `;
  const child = spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', process.execPath, ...FLAGS, script], {
    cwd: packageDirectory,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error('the index node ended');
    return value;
  };
  const id = NodeId.parse(await nextLine());
  const logger = createLogger({ service: 'test', level: 'silent' });
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const bus = new NatsBus({ connection, logger });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.write('stop\n');
    const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await exited;
    clearTimeout(deadline);
  };
  return {
    id,
    stop,
    async call(procedure, input, ms = HANG_MS) {
      const context = { correlationId: 'test', deadline: Date.now() + ms };
      return bus.call(procedure, input, { context, instance: id });
    },
    async setClockBack(ms) {
      child.stdin.write(`${ms}\n`);
      await nextLine();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await bus.close();
      await connection.close();
    },
  };
}
