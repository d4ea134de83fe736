import { startInstance, type Instance } from './instance.ts';
import { openFiles, ownMb, processorMs, residentMb } from './taken.ts';

/** A standalone server with its log server; what it takes is of the server alone. */
export type System = Omit<Instance, 'processes'> & {
  readonly residentMb: () => number;
  /** Without the pages of mapped files. */
  readonly ownMb: () => number;
  /** Of all its threads since it started. */
  readonly processorMs: () => number;
  /** Of the server, sockets among them. */
  readonly openFiles: () => number;
  /** The log server's, without the pages of mapped files. */
  readonly logServerMb: () => number;
  /** The server and its log server. */
  readonly pids: () => readonly number[];
};

/** `settings`: of the server, beside what is set for this process. */
export async function startSystem(settings: Readonly<Record<string, string>> = {}): Promise<System> {
  const instance = await startInstance(['up'], settings);
  const pid = (wanted: string): number => {
    const found = instance.processes().find(({ name }) => name === wanted)?.pid;
    if (found === undefined) throw new Error(`${wanted} is not among the processes that were started`);
    return found;
  };
  return {
    url: instance.url,
    data: instance.data,
    residentMb: () => residentMb(pid('standalone')),
    ownMb: () => ownMb(pid('standalone')),
    processorMs: () => processorMs(pid('standalone')),
    openFiles: () => openFiles(pid('standalone')),
    logServerMb: () => ownMb(pid('nats')),
    pids: () => instance.processes().map((each) => each.pid),
    restart: instance.restart,
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}
