import { hash } from 'node:crypto';
import { bytesOfFloat32 } from '@vectorizer/contracts';
import type { PointRecord } from './record.ts';
import { scratch } from './scratch.ts';

const LANES = 8;
const NO_PAYLOAD = 0xffff_ffff;

/**
 * A hash of a set of points that does not depend on their order: the sum, lane by lane modulo 2^32, of the SHA-256 of
 * each. A change costs two digests, however many points there are. It tells replicas apart that differ by a fault; it
 * is no defence against someone who crafts points to collide.
 */
export class StateHash {
  readonly #lanes: Uint32Array;

  private constructor(lanes: Uint32Array) {
    this.#lanes = lanes;
  }

  static empty(): StateHash {
    return new StateHash(new Uint32Array(LANES));
  }

  static fromHex(text: string): StateHash {
    const lanes = new Uint32Array(LANES);
    Buffer.from(lanes.buffer).write(text, 'hex');
    return new StateHash(lanes);
  }

  /** Takes in a point by its digest. */
  add(digest: string): void {
    for (let lane = 0; lane < LANES; lane++) this.#lanes[lane] = (this.#lanes[lane] ?? 0) + laneOf(digest, lane);
  }

  subtract(digest: string): void {
    for (let lane = 0; lane < LANES; lane++) this.#lanes[lane] = (this.#lanes[lane] ?? 0) - laneOf(digest, lane);
  }

  toHex(): string {
    return Buffer.from(this.#lanes.buffer).toString('hex');
  }
}

/** Little-endian, as the platform is. */
function laneOf(digest: string, lane: number): number {
  const at = lane * 4;
  const [a, b] = [digest.charCodeAt(at), digest.charCodeAt(at + 1)];
  return a | (b << 8) | (digest.charCodeAt(at + 2) << 16) | (digest.charCodeAt(at + 3) << 24);
}

/**
 * SHA-256 of a point, one character a byte: as cheap to make, keep and compare as a number of that size can be. Every
 * variable part is preceded by its length, so that no two points have the same bytes.
 */
export function digestOf(id: string, record: PointRecord): string {
  const vector = bytesOfFloat32(record.vector);
  const [idBytes, payloadBytes] = [
    Buffer.byteLength(id),
    record.payload === null ? 0 : Buffer.byteLength(record.payload),
  ];
  const bytes = scratch(20 + idBytes + vector.length + payloadBytes);
  bytes.writeUInt32LE(idBytes, 0);
  bytes.writeDoubleLE(record.version, 4);
  bytes.writeUInt32LE(vector.length, 12);
  bytes.writeUInt32LE(record.payload === null ? NO_PAYLOAD : payloadBytes, 16);
  bytes.write(id, 20);
  bytes.set(vector, 20 + idBytes);
  if (record.payload !== null) bytes.write(record.payload, 20 + idBytes + vector.length);
  return hash('sha256', bytes, 'binary');
}
