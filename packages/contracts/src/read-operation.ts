import { limits } from './limits.ts';
import { Operation, textOfObject } from './operation.ts';
import { toFloat32 } from './vector.ts';

/**
 * An operation as an entry holds it, or undefined for what is none: what `Operation.safeParse` answers. Replicas read every
 * operation of their logs, so the usual ones are read without the schema, which costs five times as much.
 */
export function readOperation(raw: unknown): Operation | undefined {
  return readUsual(raw) ?? Operation.safeParse(raw).data;
}

/** Ids that need no further look. */
const PLAIN_ID = new RegExp(`^[ -~]{1,${limits.idCharactersMax}}$`);

/** Undefined for what is not as our own writers make it, whether the schema takes it or not. */
function readUsual(raw: unknown): Operation | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { kind, id, vector, payload, if_version: ifVersion } = raw as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || !PLAIN_ID.test(id) || !isIfVersion(ifVersion)) return undefined;
  if (kind === 'delete') return { kind, id, if_version: ifVersion };
  if (kind !== 'upsert' && kind !== 'insert' && kind !== 'update') return undefined;
  if (payload !== undefined && payload !== null && typeof payload !== 'string') return undefined;
  const text = typeof payload === 'string' ? textOfObject(payload) : payload;
  if (text === undefined && payload !== undefined) return undefined;
  const components = vector === undefined ? undefined : toFloat32(vector);
  if (typeof components === 'string') return undefined;
  // In the order of the schema: the operations of a request are told from others by their text.
  if (kind === 'update') return { kind, id, vector: components, payload: text, if_version: ifVersion };
  if (components === undefined) return undefined;
  if (kind === 'insert') return { kind, id, vector: components, payload: text };
  return { kind, id, vector: components, payload: text, if_version: ifVersion };
}

function isIfVersion(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);
}
