/** A row of the data set, as a point: its id is its number. */
export type Point = { readonly row: number; readonly vector: Float32Array };

/** How a connection searches, until it is closed. `field`: only points whose payload has 0 there. */
export type How = { readonly k: number; readonly ef: number; readonly field?: string };

/** One connection to a server, in the protocol that its own clients speak. */
export type Connection = {
  /** Inserts or replaces points; returns when the server says that they are durable. */
  write(points: readonly Point[]): Promise<void>;
  /** Before the first search. */
  searchWith(how: How): Promise<void>;
  /** What is sent for a search, made outside of the time that is measured. */
  prepare(vector: Float32Array): unknown;
  search(prepared: unknown): Promise<unknown>;
  /** The rows that an answer names. */
  rowsOf(answer: unknown): readonly number[];
  close(): Promise<void>;
};

export type PeerName = 'vectorizer' | 'chroma' | 'redis' | 'postgres';

/** What a thread needs to reach a server: a value that can be sent to it. */
export type Target = { readonly peer: PeerName; readonly port: number; readonly collection: string };

/** A server of its own, on loopback, in a directory of its own, which `dispose` removes. */
export type PeerServer = AsyncDisposable & {
  readonly name: PeerName;
  /** Name and version, as its makers write them. */
  readonly title: string;
  /** How it is set up, where that differs from what it comes with. */
  readonly settings: string;
  readonly directory: string;
  /** Known once `create` has returned. */
  target(): Target;
  /** Makes the collection that is measured. */
  create(dimension: number): Promise<void>;
  /** Where `ef` is the collection's and not a search's. */
  setEf?(ef: number): Promise<void>;
  /** Waits, or works, until all that was written is in the graph, and filters have their indexes. */
  finish(rows: number): Promise<void>;
  /** Of all processes that it consists of. */
  pids(): readonly number[];
  /** Ends it in good order and starts it again; returns when it takes connections. */
  restart(): Promise<void>;
};

/** Of a graph in every server that lets it be chosen. */
export const GRAPH = { m: 16, efConstruction: 200 } as const;
