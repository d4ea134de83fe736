import { join } from 'node:path';
import type { Kind } from '@vectorizer/contracts';
import { temporaryDirectory } from '@vectorizer/testing';
import type { Dataset } from './data/dataset.ts';
import { wholeOf } from './data/spans.ts';
import type { Selection } from './figures.ts';
import { Bare, type BareGraph } from './subjects/bare.ts';
import { Engine } from './subjects/engine.ts';
import { Server } from './subjects/server.ts';
import { startSystem, type System } from './subjects/system.ts';

export type StageOptions = {
  readonly subjects: Selection['subjects'];
  readonly dataset: Dataset;
  readonly searchDelayMs: number;
};

/** What the figures of a run are measured on: no more of it than they need. */
export class Stage implements AsyncDisposable {
  readonly system: System | undefined;
  readonly bare: Bare | undefined;
  readonly engine: Engine | undefined;
  readonly server: Server | undefined;
  readonly #options: StageOptions;
  readonly #directory: string;
  readonly #held: AsyncDisposableStack;
  readonly #engines = new Map<Kind, Engine>();
  #graph: BareGraph | undefined;

  private constructor(
    parts: Pick<Stage, 'system' | 'bare' | 'engine' | 'server'>,
    place: { readonly directory: string; readonly held: AsyncDisposableStack },
    options: StageOptions,
  ) {
    this.system = parts.system;
    this.bare = parts.bare;
    this.engine = parts.engine;
    this.server = parts.server;
    this.#directory = place.directory;
    this.#held = place.held;
    this.#options = options;
    if (parts.engine !== undefined) this.#engines.set('cpu', parts.engine);
  }

  static async open(options: StageOptions): Promise<Stage> {
    const { subjects, dataset } = options;
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory()).path;
    const served = subjects.has('server') || subjects.has('system');
    const system = served ? stack.use(await startSystem()) : undefined;
    const bare = subjects.has('bare') ? stack.adopt(new Bare(dataset), (it) => it.stop()) : undefined;
    const engine = subjects.has('engine') ? await openEngine('cpu', directory, options) : undefined;
    stack.defer(async () => engine?.close());
    const server =
      subjects.has('server') && system !== undefined ? stack.use(new Server(system.url, dataset)) : undefined;
    await server?.create();
    return new Stage({ system, bare, engine, server }, { directory, held: stack.move() }, options);
  }

  /** The bare graph in this thread; it takes no more rows from then on. */
  async bareGraph(): Promise<BareGraph | undefined> {
    return (this.#graph ??= await this.bare?.takeOver(join(this.#directory, 'bare.hnsw')));
  }

  /** An engine of the kind that holds all rows. */
  async filledEngine(kind: Kind): Promise<Engine> {
    const present = this.#engines.get(kind);
    if (present !== undefined) return present;
    const engine = await openEngine(kind, this.#directory, this.#options);
    this.#held.defer(() => engine.close());
    this.#engines.set(kind, engine);
    await engine.fill(wholeOf(this.#options.dataset.rows));
    return engine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

async function openEngine(kind: Kind, directory: string, { dataset, searchDelayMs }: StageOptions): Promise<Engine> {
  return Engine.open({ directory: join(directory, kind), dataset, kind, searchDelayMs });
}
