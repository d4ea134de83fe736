import { limits, PointId } from '@vectorizer/contracts';
import { z } from 'zod';

/**
 * Ids there are unsigned integers and UUIDs, ours are texts. An integer is its decimal text here, a UUID its text in lower
 * case with hyphens; any other text is taken, and shown, as it is. A text that an integer has is shown as that integer, so
 * it is not taken as a text: two ways of writing one id would be one point, where Qdrant has an error.
 */
export const QdrantId = z.unknown().transform((input, context): PointId => {
  const text = textOf(input);
  const parsed = PointId.safeParse(text);
  if (parsed.success) return parsed.data;
  context.addIssue({
    code: 'custom',
    message: text === undefined ? EXPECTED : (parsed.error.issues[0]?.message ?? ''),
  });
  return z.NEVER;
});

/** As a body would have it, of a path, where everything is a text. */
export function idInPath(text: string): string | number {
  return isInteger(text) ? Number(text) : text;
}

/** As JSON text. */
export function idJson(id: string): string {
  return isInteger(id) ? id : JSON.stringify(id);
}

const EXPECTED = 'expected an unsigned integer of at most 2^53 - 1, a UUID, or another text that is no integer';
const HEX = /^(?:urn:uuid:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

function textOf(input: unknown): string | undefined {
  // Beyond, JSON's numbers have lost digits by the time that they are seen, and two ids would be one.
  if (typeof input === 'number') return Number.isSafeInteger(input) && input >= 0 ? String(input) : undefined;
  if (typeof input !== 'string' || isInteger(input)) return undefined;
  return withoutForm(input);
}

function isInteger(text: string): boolean {
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text));
}

function withoutForm(text: string): string {
  const parts = HEX.exec(text)?.slice(1);
  return parts === undefined ? text : parts.join('-').toLowerCase();
}

const HIGHEST = '\u{10ffff}';
const HIGHEST_OF_ONE_UNIT = '\uffff';

/**
 * The last id that there can be before this one, in the order of ids: our pages begin after an id, theirs with one. That is
 * the id with its last character one lower, and then the highest character as often as there is room. Undefined before the first.
 */
export function before(id: string): PointId | undefined {
  const characters = Array.from(id);
  const last = characters.pop();
  const start = characters.join('');
  const lower = last === undefined ? undefined : lowerThan(last);
  if (lower === undefined) return start === '' ? undefined : PointId.parse(start);
  const room = limits.idCharactersMax - start.length - lower.length;
  const filled = HIGHEST.repeat(Math.floor(room / 2)) + (room % 2 === 1 ? HIGHEST_OF_ONE_UNIT : '');
  return PointId.parse(start + lower + filled);
}

/** The character before, of those that ids may have. */
function lowerThan(character: string): string | undefined {
  for (let code = (character.codePointAt(0) ?? 0) - 1; code >= 0x20; code--) {
    const found = String.fromCodePoint(code);
    if (PointId.safeParse(found).success) return found;
  }
  return undefined;
}
