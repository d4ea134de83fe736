import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';

/** Between a client and a server. */
export type Road = AsyncDisposable & {
  readonly port: number;
  /** Whether what is looked for has come through from the server. */
  carries(): boolean;
  stand(): void;
  /** Nobody comes through until it is mended. */
  cut(): void;
  /** Loses what was on its way, and carries again. */
  mend(): void;
  /** So many times, what a client asks for by the first name is asked for by the second, which is as long. */
  misguide(from: string, to: string, times: number): void;
  misguided(): number;
};

/** Between a client and the server at `port`; what the server sends can be made to stand still, as to a stopped process. */
export async function standingRoad(port: number, lookedFor: string): Promise<Road> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let carried = false;
  let isCut = false;
  let wrong = { from: '', to: '', times: 0 };
  let misguided = 0;
  const loseAll = (): void => {
    for (const [client] of pairs) client.destroy();
    pairs.clear();
  };
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connectSocket(port, '127.0.0.1');
    pairs.add([client, upstream]);
    client.on('data', (chunk: Buffer) => {
      const place = misguided < wrong.times ? chunk.indexOf(wrong.from) : -1;
      if (place >= 0) {
        chunk.write(wrong.to, place);
        misguided += 1;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      carried ||= chunk.includes(lookedFor);
      client.write(chunk);
    });
    for (const end of [client, upstream]) {
      end.on('error', () => undefined);
      end.on('close', () => [client, upstream].forEach((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    carries: () => carried,
    stand: () => pairs.forEach(([, upstream]) => upstream.pause()),
    cut() {
      isCut = true;
      loseAll();
    },
    mend() {
      isCut = false;
      loseAll();
    },
    misguide: (from, to, times) => (wrong = { from, to, times }),
    misguided: () => misguided,
    async [Symbol.asyncDispose]() {
      loseAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
