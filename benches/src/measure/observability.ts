import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import { Server } from '../subjects/server.ts';
import { startSystem } from '../subjects/system.ts';

const CONNECTIONS = 32;
/** In a round each server is asked this often, in turns, so that both meet the same weather. */
const TURNS = 6;
/** More would only take longer to fill: what a search costs to be seen does not depend on it. */
const ROWS_MAX = 20_000;

const UNSEEN = { VECTORIZER_METRICS: 'off', VECTORIZER_LOG_LEVEL: 'silent' };

/**
 * The same searches of two servers that differ in what is seen of them: one with its metrics, its log and a tenth of its
 * requests traced, as it comes, the other with nothing. `observability.cost` is the share of its searches that the first does not get done.
 */
export async function benchObservability(whole: Dataset, rounds: Rounds): Promise<Result[]> {
  const dataset = { ...whole, rows: whole.rows.slice(0, ROWS_MAX) };
  const all = { start: 0, end: dataset.rows.length };
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await startSink());
  const open = async (environment: Readonly<Record<string, string>>): Promise<Server> => {
    const system = stack.use(await startSystem(environment));
    const server = stack.use(new Server(system.url, dataset));
    await server.create();
    await server.fill(all);
    return server;
  };
  const unseen = { server: await open(UNSEEN), perSecond: [] as number[] };
  const seen = { server: await open({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }), perSecond: [] as number[] };
  for (const round of numbered(rounds)) {
    const done = new Map([unseen, seen].map((each) => [each, 0]));
    for (let turn = 0; turn < TURNS; turn++) {
      // Neither is always the one that comes after the other.
      for (const each of turn % 2 === 0 ? [unseen, seen] : [seen, unseen]) {
        const { perSecond } = await each.server.search(CONNECTIONS, rounds.milliseconds);
        done.set(each, (done.get(each) ?? 0) + perSecond / TURNS);
      }
    }
    if (round > 0) for (const [each, perSecond] of done) each.perSecond.push(perSecond);
  }
  if (receiver.requests() === 0) throw new Error('no span was exported: nothing would be measured');
  const cost = ratios(seen.perSecond, unseen.perSecond).values.map((share) => 1 - share);
  return [
    figure('observability.cost', 'ratio', spread(cost)),
    figure('observability.qps', '1/s', spread(seen.perSecond)),
  ];
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
