import { describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import * as fc from 'fast-check';
import { Failure } from '@vectorizer/errors';
import { decodeEntry, encodeEntry, encodeRequest, Envelope, openEntry } from './entry.ts';
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

  it('is opened as its schema says, whatever the bytes hold', () => {
    const id = or(fc.string({ minLength: 1 }), fc.constantFrom('', 'x'.repeat(128), 'x'.repeat(129), 7, undefined));
    const asked = fc.record({
      id,
      ops: or(fc.array(fc.anything(), { minLength: 1 }), fc.anything()),
      more: fc.nat(),
    });
    const raw = fc.record({
      v: or(fc.constant(1), fc.constantFrom(0, 2, '1', null)),
      at: or(fc.nat(), fc.double()),
      requests: or(fc.array(or(asked, fc.anything()), { maxLength: 3 }), fc.anything()),
    });
    const packr = new Packr({ useRecords: false, mapsAsObjects: true });
    let opened = 0;
    fc.assert(
      fc.property(or(raw, fc.anything()), (value) => {
        const bytes = packed(packr, value);
        if (bytes === undefined) return;
        const wanted = Envelope.safeParse(packr.unpack(bytes)).data;
        expect(opening(bytes)).toEqual(wanted ?? 'validation_error');
        opened += Number(wanted !== undefined);
      }),
      { numRuns: 3_000 },
    );
    expect(opened).toBeGreaterThan(300);
  });
});

/** Undefined for what MessagePack has no form of. */
function packed(packr: Packr, value: unknown): Uint8Array | undefined {
  try {
    return packr.pack(value);
  } catch {
    return undefined;
  }
}

/** The type of the failure where there is one. */
function opening(bytes: Uint8Array): unknown {
  try {
    const { v, at, requests } = openEntry(bytes);
    return { v, at, requests: requests.map(({ id, ops }) => ({ id, ops })) };
  } catch (error) {
    return error instanceof Failure ? error.type : error;
  }
}

/** Mostly the one, now and then the other. */
function or<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });
}
