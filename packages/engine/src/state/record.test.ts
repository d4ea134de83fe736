import { describe, expect, it } from '@jest/globals';
import { decodeRecord, decodeSummary, decodeVector, decodeVersions, encodeRecord, type PointRecord } from './record.ts';
import { digestOf } from './state-hash.ts';

const vector = Float32Array.of(1.5, -2, 0);
const point: PointRecord = { version: 2 ** 40, vectorVersion: 3, vector, payload: '{"ü":1}' };
const records = [point, { ...point, payload: null }, { ...point, payload: '{}' }];

/** As releases wrote it that kept no digest. */
function encodedWithout({ version, vectorVersion, payload }: PointRecord): Buffer {
  const head = Buffer.alloc(20);
  head.writeDoubleLE(version, 0);
  head.writeDoubleLE(vectorVersion, 8);
  head.writeUInt32LE(payload === null ? 0xffff_ffff : Buffer.byteLength(payload), 16);
  return Buffer.concat([head, Buffer.from(vector.buffer), Buffer.from(payload ?? '')]);
}

describe('a stored point', () => {
  it.each(records)('comes back from its bytes, with its digest: $payload', (record) => {
    const sealed = { ...record, digest: digestOf('a', record) };
    const bytes = encodeRecord(sealed);
    expect(decodeRecord(bytes)).toEqual(sealed);
    expect(decodeVector(bytes)).toEqual(vector);
    expect(decodeSummary(bytes)).toEqual({ version: 2 ** 40, vectorVersion: 3, payload: record.payload });
    expect(decodeVersions(bytes)).toEqual({ version: 2 ** 40, vectorVersion: 3 });
  });

  it.each(records)('is read as earlier releases wrote it: $payload', (record) => {
    const bytes = encodedWithout(record);
    expect(encodeRecord(record)).toEqual(bytes);
    expect(decodeRecord(bytes)).toEqual(record);
    expect(decodeVector(bytes)).toEqual(vector);
    expect(decodeSummary(bytes)).toEqual({ version: 2 ** 40, vectorVersion: 3, payload: record.payload });
  });
});
