import { bytesOfFloat32, float32FromBytes } from '@vectorizer/contracts';

/** A point as a replica keeps it. The id is its key. */
export type PointRecord = {
  /** The sequence of the last change. */
  readonly version: number;
  /** The sequence at which the vector last changed: a saved graph is current where it agrees. */
  readonly vectorVersion: number;
  /** As given by the writer, not normalised. */
  readonly vector: Float32Array;
  /** JSON text of an object; null when the point has none. */
  readonly payload: string | null;
};

/** version f64, vectorVersion f64, bytes of payload u32; then the vector, then the payload. All little-endian. */
const HEADER_BYTES = 20;
const NO_PAYLOAD = 0xffff_ffff;

export function encodeRecord(record: PointRecord): Buffer {
  const vector = bytesOfFloat32(record.vector);
  const payloadBytes = record.payload === null ? 0 : Buffer.byteLength(record.payload);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + vector.length + payloadBytes);
  bytes.writeDoubleLE(record.version, 0);
  bytes.writeDoubleLE(record.vectorVersion, 8);
  bytes.writeUInt32LE(record.payload === null ? NO_PAYLOAD : payloadBytes, 16);
  bytes.set(vector, HEADER_BYTES);
  if (record.payload !== null) bytes.write(record.payload, HEADER_BYTES + vector.length);
  return bytes;
}

/** Copies: the bytes may be a view of the store's memory. */
export function decodeRecord(bytes: Buffer): PointRecord {
  const start = payloadStart(bytes);
  return {
    ...decodeVersions(bytes),
    vector: float32FromBytes(bytes.subarray(HEADER_BYTES, start)),
    payload: payloadFrom(bytes, start),
  };
}

/** A copy of the vector alone. */
export function decodeVector(bytes: Buffer): Float32Array {
  return float32FromBytes(bytes.subarray(HEADER_BYTES, payloadStart(bytes)));
}

/** What a read of a point without its vector needs. */
export function decodeSummary(bytes: Buffer): Omit<PointRecord, 'vector'> {
  return { ...decodeVersions(bytes), payload: payloadFrom(bytes, payloadStart(bytes)) };
}

export function decodeVersions(bytes: Buffer): Pick<PointRecord, 'version' | 'vectorVersion'> {
  return { version: bytes.readDoubleLE(0), vectorVersion: bytes.readDoubleLE(8) };
}

export function sameVector(a: Float32Array, b: Float32Array): boolean {
  return Buffer.compare(bytesOfFloat32(a), bytesOfFloat32(b)) === 0;
}

function payloadStart(bytes: Buffer): number {
  const length = bytes.readUInt32LE(16);
  return length === NO_PAYLOAD ? bytes.length : bytes.length - length;
}

function payloadFrom(bytes: Buffer, start: number): string | null {
  return bytes.readUInt32LE(16) === NO_PAYLOAD ? null : bytes.toString('utf8', start);
}
