import { hash } from 'node:crypto';
import { bytesOfFloat32, type Operation, type Outcome } from '@vectorizer/contracts';
import type { Payload } from './history.ts';
import type { ShardLog } from './logged.ts';

/** A point as the replay has it: plain values. */
export type ModelPoint = {
  readonly version: number;
  readonly vector: Float32Array;
  /** JSON text; null when there is none. */
  readonly payload: string | null;
};

/** What a point was from a sequence on: undefined where it was absent. `requests` are those that changed it there. */
export type PointState = {
  readonly sequence: number;
  readonly point: ModelPoint | undefined;
  readonly requests: readonly string[];
};

/** Where a request lies in the log, and what it came to at the first of these places. */
export type Place = { readonly sequences: readonly number[]; readonly outcomes: readonly Outcome[] };

const LANES = 8;
const NO_PAYLOAD = 0xffff_ffff;

/**
 * What one shard must be, worked out from its log alone: a Map, and the rules of DESIGN said a second time. A request
 * that comes again changes nothing, however much later.
 */
export class Replay {
  readonly points = new Map<string, ModelPoint>();
  /** Every state of every point that ever was, in order. */
  readonly states = new Map<string, PointState[]>();
  readonly places = new Map<string, { sequences: number[]; outcomes: Outcome[] }>();
  readonly lastSequence: number;
  readonly chain: string;

  constructor(log: ShardLog) {
    let chain = '0'.repeat(64);
    for (const { sequence, bytes, requests } of log) {
      chain = extend(chain, sequence, bytes);
      const changed = new Map<string, string[]>();
      for (const request of requests ?? []) {
        const known = this.places.get(request.id);
        known?.sequences.push(sequence);
        if (known !== undefined) continue;
        const outcomes = request.ops.map((op) => this.#apply(op, sequence));
        this.places.set(request.id, { sequences: [sequence], outcomes });
        for (const [i, op] of request.ops.entries()) {
          if (!('id' in op) || !changes(outcomes[i])) continue;
          changed.set(op.id, [...(changed.get(op.id) ?? []), request.id]);
        }
      }
      for (const [id, by] of changed) this.#remember(id, { sequence, point: this.points.get(id), requests: by });
    }
    this.chain = chain;
    this.lastSequence = log.at(-1)?.sequence ?? 0;
  }

  /** The point as it was once the entry with the sequence was applied. */
  at(id: string, sequence: number): ModelPoint | undefined {
    const states = this.states.get(id) ?? [];
    let [low, high] = [0, states.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((states[middle]?.sequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return states[low - 1]?.point;
  }

  /** The ids of the points that there were then, in no order. */
  idsAt(sequence: number): string[] {
    return [...this.states.keys()].filter((id) => this.at(id, sequence) !== undefined);
  }

  /** As replicas report it. */
  stateHash(): string {
    const lanes = new Uint32Array(LANES);
    for (const [id, point] of this.points) {
      const digest = digestOf(id, point);
      for (let lane = 0; lane < LANES; lane++) lanes[lane] = (lanes[lane] ?? 0) + digest.readUInt32LE(lane * 4);
    }
    const bytes = Buffer.alloc(LANES * 4);
    lanes.forEach((value, lane) => bytes.writeUInt32LE(value, lane * 4));
    return bytes.toString('hex');
  }

  #remember(id: string, state: PointState): void {
    const states = this.states.get(id);
    if (states === undefined) this.states.set(id, [state]);
    else states.push(state);
  }

  #apply(op: Operation, version: number): Outcome {
    if (op.kind === 'delete_by_filter') throw new Error('the workload deletes by no filter');
    const point = this.points.get(op.id);
    if (op.kind === 'insert' && point !== undefined) return { status: 'already_exists', version: point.version };
    if (point === undefined && op.kind !== 'upsert' && op.kind !== 'insert') return { status: 'not_found' };
    const found = point?.version ?? 0;
    if ('if_version' in op && op.if_version !== undefined && op.if_version !== found) {
      return { status: 'version_conflict', version: found };
    }
    if (op.kind === 'delete') {
      this.points.delete(op.id);
      return { status: 'deleted', version };
    }
    const next = op.kind === 'upsert' || op.kind === 'insert' ? whole(op) : changeOf(point, op);
    if (next === undefined) return { status: 'unchanged', version: found };
    this.points.set(op.id, { version, ...next });
    return { status: point === undefined ? 'created' : 'updated', version };
  }
}

type Content = Omit<ModelPoint, 'version'>;

function whole({ vector, payload }: Extract<Operation, { kind: 'upsert' | 'insert' }>): Content {
  return { vector, payload: payload ?? null };
}

type Change = Exclude<Operation, { kind: 'upsert' | 'insert' | 'delete' | 'delete_by_filter' }>;

/** Undefined when the operation asks for nothing that is not so already. */
function changeOf(point: ModelPoint | undefined, op: Change): Content | undefined {
  if (point === undefined) throw new Error('an absent point has nothing to change');
  const { vector } = point;
  const present = point.payload === null ? {} : (JSON.parse(point.payload) as Payload);
  if (op.kind === 'update') {
    if (op.vector === undefined && op.payload === undefined) return undefined;
    return { vector: op.vector ?? vector, payload: op.payload === undefined ? point.payload : op.payload };
  }
  if (op.kind === 'payload_replace') return { vector, payload: op.payload };
  if (op.kind === 'payload_merge') {
    const added = JSON.parse(op.payload) as Payload;
    if (Object.keys(added).length === 0) return undefined;
    return { vector, payload: JSON.stringify({ ...present, ...added }) };
  }
  const left = Object.entries(present).filter(([key]) => !op.keys.includes(key));
  if (left.length === Object.keys(present).length) return undefined;
  return { vector, payload: JSON.stringify(Object.fromEntries(left)) };
}

function changes(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && ['created', 'updated', 'deleted'].includes(outcome.status);
}

function extend(chain: string, sequence: number, bytes: Uint8Array): string {
  const place = Buffer.alloc(8);
  place.writeBigUInt64LE(BigInt(sequence));
  return hash('sha256', Buffer.concat([Buffer.from(chain, 'hex'), place, hash('sha256', bytes, 'buffer')]), 'hex');
}

function digestOf(id: string, { version, vector, payload }: ModelPoint): Buffer {
  const [idBytes, vectorBytes] = [Buffer.from(id), bytesOfFloat32(vector)];
  const payloadBytes = payload === null ? Buffer.alloc(0) : Buffer.from(payload);
  const header = Buffer.alloc(20);
  header.writeUInt32LE(idBytes.length, 0);
  header.writeDoubleLE(version, 4);
  header.writeUInt32LE(vectorBytes.length, 12);
  header.writeUInt32LE(payload === null ? NO_PAYLOAD : payloadBytes.length, 16);
  return hash('sha256', Buffer.concat([header, idBytes, vectorBytes, payloadBytes]), 'buffer');
}
