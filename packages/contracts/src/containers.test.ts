import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { readJson, readMessagePack } from './bodies.ts';
import { hasMoreInJson, hasMoreInMessagePack } from './containers.ts';
import { limits } from './limits.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const value = fc.oneof(
  fc.object({
    maxDepth: 4,
    values: [fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
  }),
  fc.array(
    fc.oneof(fc.maxSafeInteger(), fc.string({ minLength: 20, maxLength: 300 }), fc.constantFrom('\\"', '[{"\\', '{}')),
    {
      maxLength: 40,
    },
  ),
  fc.array(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), { maxLength: 40 }),
);

function containersIn(input: unknown): number {
  if (typeof input !== 'object' || input === null) return 0;
  return Object.values(input).reduce((sum: number, each) => sum + containersIn(each), 1);
}

describe('how many objects and arrays a body has', () => {
  it('is known of JSON and of MessagePack before they are decoded', () => {
    fc.assert(
      fc.property(value, (input) => {
        const count = containersIn(JSON.parse(JSON.stringify(input)));
        const json = Buffer.from(JSON.stringify(input));
        const packed = packr.pack(JSON.parse(JSON.stringify(input)));
        for (const [has, bytes] of [
          [hasMoreInJson, json],
          [hasMoreInMessagePack, packed],
        ] as const) {
          expect(has(bytes, count)).toBe(false);
          expect(has(bytes, count - 1)).toBe(count > 0);
        }
      }),
    );
  });

  it('is known of every kind of MessagePack value', () => {
    const kinds = [
      new Uint8Array(3),
      new Uint8Array(300),
      new Uint8Array(70_000),
      'a'.repeat(31),
      'a'.repeat(200),
      'a'.repeat(300),
      'a'.repeat(70_000),
      1,
      -1,
      200,
      -100,
      60_000,
      -30_000,
      2 ** 31,
      -(2 ** 31),
      2 ** 40,
      1.5,
      true,
      null,
      Array.from({ length: 20 }, () => 0),
      Array.from({ length: 70_000 }, () => 0),
      new Date(1_700_000_000_000),
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])),
    ];
    const packed = packr.pack(kinds);
    expect(hasMoreInMessagePack(packed, 4)).toBe(false);
    expect(hasMoreInMessagePack(packed, 3)).toBe(true);
  });

  it('is bounded', () => {
    const json = Buffer.from(`[${'{},'.repeat(limits.bodyContainersMax)}{}]`);
    expect(() => readJson(json)).toThrow(expect.objectContaining({ type: 'payload_too_large' }));
    const head = Buffer.from([0xdd, 0, 0, 0, 0]);
    head.writeUInt32BE(limits.bodyContainersMax, 1);
    const packed = Buffer.concat([head, Buffer.alloc(limits.bodyContainersMax, 0x80)]);
    expect(() => readMessagePack(packed)).toThrow(expect.objectContaining({ type: 'payload_too_large' }));
    // Numbers, and brackets in texts, are neither.
    expect(readJson(Buffer.from(JSON.stringify({ text: '[{'.repeat(limits.bodyContainersMax) })))).toHaveProperty(
      'text',
    );
    expect(
      readJson(Buffer.from(JSON.stringify(Array.from({ length: limits.bodyContainersMax }, () => 1)))),
    ).toHaveLength(1_000_000);
  });
});
