import { once } from 'node:events';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { Failure, type WireFailure } from '@vectorizer/errors';
import type { Links } from './links.ts';
import { KILLED_MS } from './member.ts';
import { runDirectory } from './state-file.ts';
import type { Supervisor } from './supervisor.ts';

/** What the supervisor of a running instance can be told, by whoever may use its data directory. */
export const Order = z.object({
  verb: z.enum(['kill', 'pause', 'resume', 'start', 'cut', 'mend']),
  name: z.string().min(1),
  /** Of a kill: it is not started again. */
  hold: z.boolean().default(false),
});
export type Order = z.infer<typeof Order>;

type Answer = { readonly done: string } | { readonly failure: WireFailure };

/** The other side is on this machine, and at most waits for a process to die. */
const ANSWER_MS_MAX = 15_000;
const ORDERS_AT_ONCE_MAX = 16;
const SOCKET = 'control.sock';

/** The door for orders: `run/control.sock`, one JSON object in and one out. */
export class ControlDoor {
  readonly #server: Server;
  readonly #directory: FileHandle;

  private constructor(server: Server, directory: FileHandle) {
    this.#server = server;
    this.#directory = directory;
  }

  static async open(data: string, execute: (order: Order) => Promise<string>): Promise<ControlDoor> {
    const server = createServer({ allowHalfOpen: true }, (socket) => void serve(socket, execute));
    server.maxConnections = ORDERS_AT_ONCE_MAX;
    const directory = await open(runDirectory(data));
    // One that a killed supervisor left.
    await rm(join(runDirectory(data), SOCKET), { force: true });
    server.listen(socketIn(directory));
    await once(server, 'listening');
    return new ControlDoor(server, directory);
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
    await this.#directory.close();
  }
}

/** Answers what was done, in words; throws what kept it from being done. */
export async function sendOrder(data: string, order: Order): Promise<string> {
  const answer = JSON.parse(await exchange(data, JSON.stringify(order))) as Answer;
  if ('failure' in answer) throw Failure.fromWire(answer.failure);
  return answer.done;
}

export type Commanded = { readonly supervisor: Supervisor; readonly links: Links | undefined };

/** Done, and to be seen in `run/state.json`, when it returns. */
export async function carryOut(order: Order, to: Commanded): Promise<string> {
  const done = await obey(order, to);
  await to.supervisor.report();
  return done;
}

async function obey({ verb, name, hold }: Order, { supervisor, links }: Commanded): Promise<string> {
  const member = supervisor.member(name);
  switch (verb) {
    case 'cut':
    case 'mend':
      if (links === undefined) throw new Failure('validation_error', `to ${verb} connections, start with --faults`);
      links[verb](name);
      return `the connections of ${name} are ${verb === 'cut' ? 'cut' : 'whole'}`;
    case 'kill':
      await member.kill(hold ? 'hold' : 'start');
      return hold ? `${name} is killed and held` : `${name} is killed, and started again in ${KILLED_MS} ms`;
    case 'pause':
      member.pause();
      return `${name} is paused`;
    case 'resume':
      member.resume();
      return `${name} goes on`;
    case 'start':
      member.startNow();
      return `${name} is started`;
    default:
      return verb satisfies never;
  }
}

async function serve(socket: Socket, execute: (order: Order) => Promise<string>): Promise<void> {
  // A caller that is gone hears no answer.
  socket.on('error', () => undefined);
  let reply: Answer;
  try {
    reply = { done: await execute(Order.parse(JSON.parse(await text(socket)))) };
  } catch (error) {
    reply = { failure: Failure.from(error).toWire() };
  }
  socket.end(JSON.stringify(reply));
}

async function exchange(data: string, message: string): Promise<string> {
  const nobody = `nothing runs on ${data} that takes orders`;
  const directory = await open(runDirectory(data)).catch((cause: unknown) => {
    throw new Failure('service_unavailable', nobody, { cause });
  });
  const socket = connect({ path: socketIn(directory), allowHalfOpen: true });
  try {
    await once(socket, 'connect');
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)));
    socket.end(message);
    return await text(socket);
  } catch (cause) {
    throw new Failure('service_unavailable', nobody, { cause });
  } finally {
    socket.destroy();
    await directory.close();
  }
}

/** A socket's path has at most 107 bytes, whatever the data directory's has. */
function socketIn(directory: FileHandle): string {
  return `/proc/self/fd/${directory.fd}/${SOCKET}`;
}
