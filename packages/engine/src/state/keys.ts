/**
 * One LMDB database holds everything, told apart by the first byte of the key, so that one write batch is one
 * transaction. Ids are UTF-8 after it: at most 256 UTF-16 units, hence 768 bytes, and LMDB takes 1,978.
 */
const META = 0;
const REQUEST = 1;
const POINT = 2;

export const metaKey: Buffer = Buffer.of(META);

export const requestRange = { start: Buffer.of(REQUEST), end: Buffer.of(POINT) } as const;
export const pointsEnd: Buffer = Buffer.of(POINT + 1);

/** Ascending in the order in which requests were remembered. */
export function requestKey(order: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = REQUEST;
  key.writeBigUInt64BE(BigInt(order), 1);
  return key;
}

export function orderOfKey(key: Buffer): number {
  return Number(key.readBigUInt64BE(1));
}

export function pointKey(id: string): Buffer {
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(id));
  key[0] = POINT;
  key.write(id, 1);
  return key;
}

/** The first key after the point's; ids hold no control characters, so nothing lies between. */
export function keyAfter(id: string | undefined): Buffer {
  return id === undefined ? Buffer.of(POINT) : Buffer.concat([pointKey(id), Buffer.of(0)]);
}

export function idOfKey(key: Buffer): string {
  return key.toString('utf8', 1);
}
