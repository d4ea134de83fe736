import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { limits } from './limits.ts';
import { Operation } from './operation.ts';
import { readOperation } from './read-operation.ts';
import { bytesOfFloat32 } from './vector.ts';

/** Absent, as the schema wants it, at its edges, and of types that MessagePack has. */
const anything = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
  fc.constantFrom(undefined, null, NaN, -0, 2 ** 53, '', '{}', '[]', '{"a":', 'null', '__proto__'),
);
const id = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    'p1',
    'x'.repeat(limits.idCharactersMax),
    'x'.repeat(limits.idCharactersMax + 1),
    'a\nb',
    '\ud800',
    '\u007f',
  ),
);
const floats = fc.float32Array({ maxLength: 4 });
const vector = fc.oneof(
  floats.map((components) => Buffer.from(bytesOfFloat32(components))),
  floats,
  fc.array(fc.oneof(fc.double(), fc.constant('1')), { maxLength: 4 }),
  fc.uint8Array({ maxLength: 9 }),
  fc.base64String(),
);
const payload = fc.oneof(
  fc.json(),
  fc.object().map((value) => ` ${JSON.stringify(value)} `),
  fc.constant(null),
);
const kind = fc.constantFrom(
  ...(['upsert', 'insert', 'update', 'payload_merge', 'payload_replace', 'payload_delete_keys'] as const),
  ...(['delete', 'delete_by_filter', 'explode'] as const),
);
const field = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: anything });

/** Operations in every state of repair, and what is none at all. */
const raw = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record(
      {
        kind: field(kind),
        id: field(id),
        vector: field(vector),
        payload: field(payload),
        if_version: field(fc.nat()),
        keys: field(fc.array(fc.string(), { maxLength: 3 })),
        filter: anything,
        other: anything,
      },
      { requiredKeys: ['kind', 'id'] },
    ),
  },
  { weight: 1, arbitrary: anything },
);

describe('reading an operation', () => {
  it('answers what the schema does, for whatever is read', () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(raw, (value) => {
        const wanted = Operation.safeParse(value).data;
        const read = readOperation(value);
        expect(read).toEqual(wanted);
        // A request is known again by this text.
        expect(textOf(read)).toBe(textOf(wanted));
        if (wanted === undefined) refused += 1;
        else taken += 1;
      }),
      { numRuns: 3_000 },
    );
    // The property says nothing if all that was tried is of one sort.
    expect(Math.min(taken, refused)).toBeGreaterThan(300);
  });

  it('takes the vector from the bytes, which are reused', () => {
    const bytes = Buffer.from(bytesOfFloat32(Float32Array.of(1, 2)));
    const read = readOperation({ kind: 'insert', id: 'a', vector: bytes });
    bytes.fill(0);
    expect(read).toEqual({ kind: 'insert', id: 'a', vector: Float32Array.of(1, 2) });
  });
});

function textOf(operation: Operation | undefined): string {
  return JSON.stringify(operation, (_, value: unknown) => (value instanceof Float32Array ? [...value] : value));
}
