import { pino } from 'pino';

/**
 * What a line may hold: no secret and no vector, whatever a caller puts into it. By name (`authorization`, `vector`), by
 * kind (a list of numbers), and by form, in any text (`scrub`). It costs only the lines that are written.
 */
export function redact(line: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return fieldsOf(line, DEPTH_MAX);
}

const SECRET = '[redacted]';
const SECRET_NAME =
  /(^|[_-])(authorization|cookie|password|passwd|passphrase|secret|credentials?|api[_-]?key|private[_-]?key|access[_-]?token|bearer)$/i;
const VECTOR_NAME = /^(query_?)?vectors?$/i;
/** More numbers in a row than this are a vector, or as good as one; sequences by shard and the like are told. */
const NUMBERS_MAX = 16;
/** Of an object, of a list, and of one text: a line is for reading. */
const DEPTH_MAX = 6;
const FIELDS_MAX = 64;
const ITEMS_MAX = 64;
const CHARACTERS_MAX = 8_192;

function fieldsOf(object: object, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let left = FIELDS_MAX;
  for (const [name, value] of Object.entries(object)) {
    if (left-- === 0) {
      fields['more'] = '…';
      break;
    }
    fields[name] = hiddenBy(name, value) ?? valueOf(value, depth);
  }
  return fields;
}

function hiddenBy(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return undefined;
  if (SECRET_NAME.test(name) || SECRET_NAME.test(name.replaceAll(/[A-Z]/g, '_$&'))) return SECRET;
  return VECTOR_NAME.test(name) && typeof value !== 'number' ? '[vector]' : undefined;
}

function valueOf(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return shortened(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map || value instanceof Set) return `[${value.size} items]`;
  if (depth === 0) return '[…]';
  if (value instanceof Error) return fieldsOf(pino.stdSerializers.err(value), depth - 1);
  return Array.isArray(value) ? itemsOf(value, depth) : fieldsOf(value, depth - 1);
}

function itemsOf(items: readonly unknown[], depth: number): unknown {
  if (items.length > NUMBERS_MAX && items.every((item) => typeof item === 'number')) return `[${items.length} numbers]`;
  const shown = items.slice(0, ITEMS_MAX).map((item) => valueOf(item, depth - 1));
  return items.length > ITEMS_MAX ? [...shown, `… ${items.length - ITEMS_MAX} more`] : shown;
}

/** As much of a text as is for reading. */
export function shortened(text: string, most = CHARACTERS_MAX): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Passwords in URLs, `Authorization` values, keys of ours, long rows of numbers, and what JSON's parser quotes of a body. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  // All within bounds: a scheme looked for from each letter of a long word would take the square of its length.
  [/(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,31}:\/\/)[^/\s"@\\]{1,1024}@/gi, '$1***@'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${SECRET}`],
  [/\bvz[a-z]*_[\w-]{20,}/g, SECRET],
  [/\[\s*(-?\d[\d.eE+-]*\s*,\s*){16,}-?\d[\d.eE+-]*\s*,?\s*\]?/g, '[numbers]'],
  [/, (\.\.\.)?\\?".{0,256}?\\?"(\.\.\.)? is not valid JSON/g, ' is not valid JSON'],
];

/** The whole line as it is written, so that no text in it escapes: messages, stacks, and fields that are always there. */
export function scrub(line: string): string {
  let scrubbed = line;
  for (const [form, replacement] of FORMS) scrubbed = scrubbed.replace(form, replacement);
  return scrubbed;
}
