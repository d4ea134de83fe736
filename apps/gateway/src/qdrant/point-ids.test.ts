import { describe, expect, it } from '@jest/globals';
import { compareIds, limits, PointId } from '@vectorizer/contracts';
import { before, idInPath, idJson, QdrantId } from './point-ids.ts';

const taken = (input: unknown): string | undefined => QdrantId.safeParse(input).data;
const UUID = '550e8400-e29b-41d4-a716-446655440000';

describe('an id of Qdrant', () => {
  it.each([
    [42, '42'],
    [0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [UUID.toUpperCase(), UUID],
    [UUID.replaceAll('-', ''), UUID],
    [`urn:uuid:${UUID}`, UUID],
    ['dune', 'dune'],
    ['007', '007'],
    ['18446744073709551615', '18446744073709551615'],
  ])('%j is %j here', (input, text) => {
    expect(taken(input)).toBe(text);
  });

  it.each([[-1], [1.5], [2 ** 53], ['42'], ['0'], [''], ['a\n'], [null], [undefined], [[1]], [{}]])(
    '%j is refused',
    (input) => {
      expect(taken(input)).toBeUndefined();
    },
  );

  it('comes back as it was sent, whatever it is', () => {
    for (const id of [0, 42, Number.MAX_SAFE_INTEGER, UUID, 'dune', '007', '18446744073709551615', '"quoted"']) {
      expect(JSON.parse(idJson(taken(id) ?? ''))).toBe(id);
      expect(taken(idInPath(String(id)))).toBe(String(id));
    }
  });

  it('has a predecessor that lies between it and all that come before', () => {
    const ids = [
      'a',
      'ab',
      'a ',
      'a a',
      '1',
      '10',
      '2',
      'é',
      '\u{10000}',
      '\u{1f600}x',
      '\ue000',
      '\ud7ff',
      'z'.repeat(256),
    ];
    for (const id of ids) {
      const found = before(PointId.parse(id));
      expect(compareIds(found ?? '', id)).toBeLessThan(0);
      for (const other of ids.filter((each) => compareIds(each, id) < 0)) {
        expect(compareIds(other, found ?? '')).toBeLessThanOrEqual(0);
      }
    }
  });

  it('has nothing between its predecessor and itself', () => {
    expect(before(PointId.parse('b'))).toBe(`a${'\u{10ffff}'.repeat(127)}\uffff`);
    expect(before(PointId.parse('a '))).toBe('a');
    expect(before(PointId.parse(' '))).toBeUndefined();
    expect(before(PointId.parse('b'))).toHaveLength(limits.idCharactersMax);
  });
});
