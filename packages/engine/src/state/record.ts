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
  /** `digestOf` this point, once it has been worked out: a later change subtracts it from the state hash. */
  digest?: string;
};

/**
 * version f64, vectorVersion f64, a word u32; then the digest if the word says that there is one, the vector, the payload. All
 * little-endian. Records without a digest are of releases that did not keep it; both are read, the longer one is written.
 */
const WORD_AT = 16;
const HEADER_BYTES = 20;
const DIGEST_BYTES = 32;
/** The word's lower bits are the bytes of the payload, which are far fewer; its upper two are 1 where there is a digest. */
const PAYLOAD_MASK = 0x3fff_ffff;
const NO_PAYLOAD = PAYLOAD_MASK;
const WITH_DIGEST = 0x4000_0000;
const WITHOUT_PAYLOAD_AND_DIGEST = 0xffff_ffff;

export function encodeRecord(record: PointRecord): Buffer {
  const { vector, payload, digest } = record;
  const payloadBytes = payload === null ? 0 : Buffer.byteLength(payload);
  const start = HEADER_BYTES + (digest === undefined ? 0 : DIGEST_BYTES);
  const bytes = Buffer.allocUnsafe(start + vector.byteLength + payloadBytes);
  bytes.writeDoubleLE(record.version, 0);
  bytes.writeDoubleLE(record.vectorVersion, 8);
  bytes.writeUInt32LE(wordOf(payload === null ? undefined : payloadBytes, digest), WORD_AT);
  if (digest !== undefined) bytes.write(digest, HEADER_BYTES, 'latin1');
  bytes.set(bytesOfFloat32(vector), start);
  if (payload !== null) bytes.write(payload, start + vector.byteLength);
  return bytes;
}

/** Copies: the bytes may be a view of the store's memory. */
export function decodeRecord(bytes: Buffer): PointRecord {
  const [vectorAt, payloadAt] = [vectorStart(bytes), payloadStart(bytes)];
  const record: PointRecord = {
    version: bytes.readDoubleLE(0),
    vectorVersion: bytes.readDoubleLE(8),
    vector: float32FromBytes(bytes.subarray(vectorAt, payloadAt)),
    payload: payloadFrom(bytes, payloadAt),
  };
  if (vectorAt !== HEADER_BYTES) record.digest = bytes.toString('latin1', HEADER_BYTES, vectorAt);
  return record;
}

/** A copy of the vector alone. */
export function decodeVector(bytes: Buffer): Float32Array {
  return float32FromBytes(bytes.subarray(vectorStart(bytes), payloadStart(bytes)));
}

/** What a read of a point without its vector needs. */
export function decodeSummary(bytes: Buffer): Omit<PointRecord, 'vector'> {
  return { ...decodeVersions(bytes), payload: payloadFrom(bytes, payloadStart(bytes)) };
}

export function decodeVersions(bytes: Buffer): Pick<PointRecord, 'version' | 'vectorVersion'> {
  return { version: bytes.readDoubleLE(0), vectorVersion: bytes.readDoubleLE(8) };
}

/** Bit by bit, so that 0 and -0 differ. A loop that ends at the first difference beats any call, as most differ at once. */
export function sameVector(a: Float32Array, b: Float32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function wordOf(payloadBytes: number | undefined, digest: string | undefined): number {
  if (digest !== undefined) return WITH_DIGEST + (payloadBytes ?? NO_PAYLOAD);
  return payloadBytes ?? WITHOUT_PAYLOAD_AND_DIGEST;
}

function vectorStart(bytes: Buffer): number {
  return bytes.readUInt32LE(WORD_AT) >>> 30 === 1 ? HEADER_BYTES + DIGEST_BYTES : HEADER_BYTES;
}

function payloadStart(bytes: Buffer): number {
  const length = bytes.readUInt32LE(WORD_AT) & PAYLOAD_MASK;
  return length === NO_PAYLOAD ? bytes.length : bytes.length - length;
}

function payloadFrom(bytes: Buffer, start: number): string | null {
  return (bytes.readUInt32LE(WORD_AT) & PAYLOAD_MASK) === NO_PAYLOAD ? null : bytes.toString('utf8', start);
}
