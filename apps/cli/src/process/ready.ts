import { once } from 'node:events';
import { connect } from 'node:net';

const ANSWER_MS_MAX = 2_000;

/** Whether a process is ready: its HTTP answers well, or what speaks something else takes a connection. */
export async function answers(readyUrl: string): Promise<boolean> {
  const url = new URL(readyUrl);
  return url.protocol === 'tcp:' ? accepts(url) : saysSo(url);
}

async function saysSo(url: URL): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(() => undefined);
  return answer?.ok === true;
}

async function accepts({ hostname, port }: URL): Promise<boolean> {
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
