import { hash } from 'node:crypto';
import { bytesOfFloat32 } from '@vectorizer/contracts';
import type { PointRecord } from './record.ts';

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
    const bytes = Buffer.from(text, 'hex');
    return new StateHash(Uint32Array.from({ length: LANES }, (_, lane) => bytes.readUInt32LE(lane * 4)));
  }

  clone(): StateHash {
    return new StateHash(this.#lanes.slice());
  }

  add(id: string, record: PointRecord): void {
    const digest = digestOf(id, record);
    for (let lane = 0; lane < LANES; lane++)
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) + digest.readUInt32LE(lane * 4);
  }

  subtract(id: string, record: PointRecord): void {
    const digest = digestOf(id, record);
    for (let lane = 0; lane < LANES; lane++)
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) - digest.readUInt32LE(lane * 4);
  }

  toHex(): string {
    const bytes = Buffer.allocUnsafe(LANES * 4);
    this.#lanes.forEach((value, lane) => bytes.writeUInt32LE(value, lane * 4));
    return bytes.toString('hex');
  }
}

/** Every variable part is preceded by its length, so that no two points have the same bytes. */
function digestOf(id: string, record: PointRecord): Buffer {
  const vector = bytesOfFloat32(record.vector);
  const [idBytes, payloadBytes] = [
    Buffer.byteLength(id),
    record.payload === null ? 0 : Buffer.byteLength(record.payload),
  ];
  const bytes = Buffer.allocUnsafe(20 + idBytes + vector.length + payloadBytes);
  bytes.writeUInt32LE(idBytes, 0);
  bytes.writeDoubleLE(record.version, 4);
  bytes.writeUInt32LE(vector.length, 12);
  bytes.writeUInt32LE(record.payload === null ? NO_PAYLOAD : payloadBytes, 16);
  bytes.write(id, 20);
  bytes.set(vector, 20 + idBytes);
  if (record.payload !== null) bytes.write(record.payload, 20 + idBytes + vector.length);
  return hash('sha256', bytes, 'buffer');
}
