import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import { Server } from '../subjects/server.ts';
import type { Span } from './fill.ts';
import { startSystem, type System } from '../subjects/system.ts';

const CONNECTIONS = 32;
/** In a round each server is asked this often, in turns, so that both meet the same weather. */
const TURNS = 4;

const UNSEEN = { VECTORIZER_METRICS: 'off', VECTORIZER_LOG_LEVEL: 'silent' };

/**
 * The same searches of two servers that differ in what is seen of them: one with its metrics, its log and a tenth of its
 * requests traced, the other with nothing. Each has a graph of its own, of which one may be the cheaper to search, so half
 * way they change places. `observability.cost` is the share of its searches that the first gets less done, by the processor
 * time that a search takes: at 32 connections a server is never idle, and the machine's other work changes how much of it
 * there is, but not what it is used for.
 */
export async function benchObservability(dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  await using receiver = await startSink();
  const asUsual = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  await using one = await Subject.start(dataset, UNSEEN);
  await using other = await Subject.start(dataset, asUsual);
  const before = await compare(rounds, { unseen: one, seen: other });
  await one.restart(asUsual);
  await other.restart(UNSEEN);
  const after = await compare(rounds, { unseen: other, seen: one });
  if (receiver.requests() === 0) throw new Error('no span was exported: nothing would be measured');
  const cost = before.shares.map((share, round) => 1 - Math.sqrt(share * (after.shares[round] ?? NaN)));
  return [
    figure('observability.cost', 'ratio', spread(cost)),
    figure('observability.search_ms', 'ms', spread([...before.seenMs, ...after.seenMs])),
  ];
}

type Compared = {
  /** Of the searches of the one that is not seen, by round, those that the other gets done. */
  readonly shares: readonly number[];
  readonly seenMs: readonly number[];
};

async function compare(
  rounds: Rounds,
  { unseen, seen }: { readonly unseen: Subject; readonly seen: Subject },
): Promise<Compared> {
  const unseenMs: number[] = [];
  const seenMs: number[] = [];
  for (const round of numbered(rounds)) {
    for (let turn = 0; turn < TURNS; turn++) {
      // Neither is always the one that comes after the other.
      for (const each of turn % 2 === 0 ? [unseen, seen] : [seen, unseen]) await each.search(rounds.milliseconds);
    }
    const [without, withIt] = [unseen.endRound(), seen.endRound()];
    if (round === 0) continue;
    unseenMs.push(without);
    seenMs.push(withIt);
  }
  return { shares: ratios(unseenMs, seenMs).values, seenMs };
}

/** A filled server, and the processor time that each of its searches takes. */
class Subject implements AsyncDisposable {
  readonly #system: System;
  readonly #server: Server;
  #milliseconds = 0;
  #searches = 0;

  private constructor(system: System, server: Server) {
    this.#system = system;
    this.#server = server;
  }

  static async start(dataset: Dataset, settings: Readonly<Record<string, string>>): Promise<Subject> {
    const system = await startSystem(settings);
    const server = new Server(system.url, dataset);
    await server.create();
    await server.fill(allOf(dataset));
    return new Subject(system, server);
  }

  async search(milliseconds: number): Promise<void> {
    const before = this.#system.processorMs();
    const { latenciesMs } = await this.#server.search(CONNECTIONS, milliseconds);
    this.#milliseconds += this.#system.processorMs() - before;
    this.#searches += latenciesMs.length;
  }

  /** Answers the processor milliseconds of a search since the last round's end. */
  endRound(): number {
    const each = this.#milliseconds / this.#searches;
    this.#milliseconds = this.#searches = 0;
    return each;
  }

  async restart(settings: Readonly<Record<string, string>>): Promise<void> {
    await this.#system.restart(settings);
    await this.#server.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#system[Symbol.asyncDispose]();
  }
}

function allOf({ rows }: Dataset): Span {
  return { start: 0, end: rows.length };
}

/** Takes spans and forgets them. */
async function startSink(): Promise<AsyncDisposable & { readonly url: string; requests(): number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().once('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
