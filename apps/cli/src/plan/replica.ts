import type { Demand } from './demand.ts';
import { measured } from './measured.ts';

/** What one replica takes on its node, in bytes. */
export type Replica = {
  readonly points: number;
  readonly memory: {
    /** The graph with its vectors, or the codes. */
    readonly index: number;
    /** New vectors that are not in the graph yet. */
    readonly buffer: number;
    /** Ids, places and versions. */
    readonly points: number;
    /** Declared payload indexes, and the codes that filtered searches look at. */
    readonly payloadIndexes: number;
  };
  /** A rebuilt graph beside the old one: for a while, where points are changed or deleted. */
  readonly rebuildBytes: number;
  /** The store: its pages are the system's to keep in memory or not. */
  readonly storeBytes: number;
  readonly indexFileBytes: number;
};

const BUFFER = { rows: 4_096, bytes: 16 * 1024 * 1024 };
/** As hnswlib allocates: label, map entry, lock, level and the place of the upper levels. */
const ELEMENT_BYTES = 100;
const CODED_HEADER_BYTES = 16;
/** A point's slot, and an entry of one index; assumed, not measured. */
const [SLOT_BYTES, ENTRY_BYTES] = [100, 24];
const PAGE_BYTES = 4_096;
/** A record that does not fit twice into a page of LMDB has pages of its own. */
const NODE_BYTES_MAX = 2_038;
/** Version, vector version, length and digest. */
const RECORD_BYTES = 52;

export function replicaOf(demand: Demand, points: number): Replica {
  const { kind, dimension, indexes } = demand;
  const isGraph = kind !== 'quantized';
  const bufferRows = Math.min(points, BUFFER.rows, Math.floor(BUFFER.bytes / (4 * dimension)));
  const index = points * (isGraph ? elementBytes(demand) : codeBytes(demand));
  const filters = indexes === 0 ? 0 : SLOT_BYTES + indexes * ENTRY_BYTES + int8RowBytes(dimension);
  return {
    points,
    memory: {
      index,
      buffer: isGraph ? bufferRows * 4 * dimension : 0,
      points: points * (measured.heapBytesPerPoint + 2 * (demand.idBytes - ID_BYTES_MEASURED)),
      payloadIndexes: points * filters,
    },
    rebuildBytes: isGraph && demand.writeRate > 0 ? index : 0,
    storeBytes: points * storedBytes(demand),
    indexFileBytes: points * (fileBytes(demand) + demand.idBytes - ID_BYTES_MEASURED + measured.indexListBytes),
  };
}

/** Ids of the points that were measured are UUIDs. */
const ID_BYTES_MEASURED = 36;

/** What a process has beside its replicas. */
export function processBytes(points: number): number {
  const { indexProcessBytes, workingBytesMin, workingBytesPerPoint, workingBytesMax } = measured;
  return indexProcessBytes + Math.min(workingBytesMax, workingBytesMin + points * workingBytesPerPoint);
}

export function memoryOf({ memory }: Replica): number {
  return memory.index + memory.buffer + memory.points + memory.payloadIndexes;
}

/** As `Graph.byteLength` of the engine. */
function elementBytes({ dimension, m }: Demand): number {
  return 4 * dimension + 4 * (2 * m + 1) + (4 * (m + 1)) / (m - 1) + ELEMENT_BYTES;
}

/** As rows of codes lie in memory; an int8 row has a sketch of bits beside it. */
export function codeBytes({ dimension, quantization }: Demand): number {
  if (quantization === 'binary') return 8 + Math.ceil(dimension / 64) * 8;
  return int8RowBytes(dimension) + sketchBytes(dimension);
}

function int8RowBytes(dimension: number): number {
  return CODED_HEADER_BYTES + Math.ceil(dimension / 16) * 16;
}

export function sketchBytes(dimension: number): number {
  return 2 ** Math.ceil(Math.log2(dimension)) / 8 + 12;
}

function fileBytes(demand: Demand): number {
  const { kind, dimension, m, quantization } = demand;
  if (kind !== 'quantized') return 4 * dimension + 4 * (2 * m + 1) + (4 * (m + 1)) / (m - 1) + 8;
  return quantization === 'binary' ? codeBytes(demand) : int8RowBytes(dimension);
}

/** Small records share a page, which is split in halves when it is full; a large one has whole pages, and its key a place. */
function storedBytes({ dimension, payloadBytes, idBytes }: Demand): number {
  const record = RECORD_BYTES + 4 * dimension + payloadBytes;
  const key = idBytes + measured.storeOverheadBytes;
  if (record + key > NODE_BYTES_MAX) return Math.ceil((record + 16) / PAGE_BYTES) * PAGE_BYTES + shared(key);
  return shared(record + key);
}

function shared(bytes: number): number {
  const room = Math.floor((PAGE_BYTES - 16) / bytes);
  return PAGE_BYTES / Math.max(1, Math.floor(room * measured.storePageFill));
}
