import { describe, expect, it } from '@jest/globals';
import { decodeEntry, encodeEntry, encodeRequest } from './entry.ts';
import type { Request } from './entry.ts';

const request: Request = {
  id: 'r1',
  ops: [
    { kind: 'upsert', id: 'a', vector: Float32Array.of(1, 2, 3), payload: '{"n":1}' },
    { kind: 'update', id: 'b', payload: null },
    { kind: 'delete_by_filter', filter: { must: [{ key: 'n', match: { value: 1 } }] } },
  ],
};

describe('an entry', () => {
  it('comes back from its bytes as it was', () => {
    const encoded = encodeRequest(request);
    const bytes = encodeEntry({ at: 5, requests: [encoded.request] });
    expect(decodeEntry(bytes)).toEqual({ v: 1, at: 5, requests: [request] });
    expect(encoded.bytes).toBeGreaterThanOrEqual(bytes.length - 64);
  });

  it('is refused when it is not one', () => {
    expect(() => decodeEntry(Uint8Array.of(0xc1, 1, 2))).toThrow('entry is not MessagePack');
    expect(() => decodeEntry(encodeEntry({ at: 5, requests: [{ id: 'x', ops: [{ kind: 'explode' }] }] }))).toThrow(
      'malformed',
    );
  });
});
