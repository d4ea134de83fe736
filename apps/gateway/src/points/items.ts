import {
  BatchOperation,
  InsertBody,
  PatchBody,
  PointBody,
  PointId,
  type CollectionConfig,
  type Operation,
  type UpdateBody,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { checkVector, invalidField, parse } from '@vectorizer/frame';
import type { z } from 'zod';

/**
 * An item of a batch: the operation that it asks for, or why it is refused. The good ones of a batch are written
 * whatever becomes of the others.
 */
export type Item =
  | { readonly index: number; readonly id: string | null; readonly operation: Operation }
  | { readonly index: number; readonly id: string | null; readonly refused: Failure };

type Config = Pick<CollectionConfig, 'dimension' | 'metric'>;

export function upsertItems(points: readonly unknown[], config: Config): Item[] {
  return distinct(
    points.map((input, index) =>
      item(input, index, () => {
        const where = `points[${index}]`;
        const point = parse(PointBody, input, where);
        checkVector(point.vector, config, `${where}.vector`);
        return { kind: 'upsert', ...point };
      }),
    ),
    'points',
  );
}

export function insertItems(points: readonly unknown[], config: Config): Item[] {
  return distinct(
    points.map((input, index) =>
      item(input, index, () => {
        const where = `points[${index}]`;
        const point = parse(InsertBody, input, where);
        checkVector(point.vector, config, `${where}.vector`);
        return { kind: 'insert', ...point };
      }),
    ),
    'points',
  );
}

export function deleteItems(ids: readonly unknown[]): Item[] {
  return distinct(
    ids.map((input, index) =>
      item({ id: input }, index, () => ({ kind: 'delete', id: parse(PointId, input, `ids[${index}]`) })),
    ),
    'ids',
  );
}

/** In a mixed batch one id may come up many times: its operations are applied in order. */
export function mixedItems(operations: readonly unknown[], config: Config): Item[] {
  return operations.map((input, index) =>
    item(input, index, () => {
      const where = `operations[${index}]`;
      const { op, ...rest } = parse(BatchOperation, input, where);
      if ('vector' in rest && rest.vector !== undefined) checkVector(rest.vector, config, `${where}.vector`);
      if (op === 'update' && !('vector' in rest && rest.vector) && !('payload' in rest && rest.payload !== undefined)) {
        throw invalidField(where, 'expected a vector, a payload, or both');
      }
      return { kind: op, ...rest } as Operation;
    }),
  );
}

export function updateOperation(id: PointId, body: z.output<typeof UpdateBody>, config: Config): Operation {
  if (body.vector !== undefined) checkVector(body.vector, config, 'vector');
  return { kind: 'update', id, ...body };
}

export function patchOperation(id: PointId, input: unknown): Operation {
  const { if_version, ...patch } = parse(PatchBody, input);
  const condition = if_version === undefined ? {} : { if_version };
  if ('merge' in patch) return { kind: 'payload_merge', id, payload: patch.merge, ...condition };
  if ('replace' in patch) return { kind: 'payload_replace', id, payload: patch.replace, ...condition };
  return { kind: 'payload_delete_keys', id, keys: patch.delete_keys, ...condition };
}

function item(input: unknown, index: number, make: () => Operation): Item {
  const id = idOf(input);
  try {
    return { index, id, operation: make() };
  } catch (thrown) {
    const refused = Failure.from(thrown);
    if (refused.http >= 500) throw refused;
    return { index, id, refused };
  }
}

/** As the client sent it, so that it can tell which item is meant even when the id is what is wrong. */
function idOf(input: unknown): string | null {
  const id: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, 'id') : undefined;
  return typeof id === 'string' ? id : null;
}

/** Which of two writes to one id in one list should win is a guess, so the later ones are refused. */
function distinct(items: Item[], list: string): Item[] {
  const first = new Map<string, number>();
  return items.map((each) => {
    if ('refused' in each || each.id === null) return each;
    const earlier = first.get(each.id);
    if (earlier === undefined) {
      first.set(each.id, each.index);
      return each;
    }
    const field = list === 'ids' ? `ids[${each.index}]` : `${list}[${each.index}].id`;
    return { index: each.index, id: each.id, refused: invalidField(field, `duplicate of ${list}[${earlier}]`) };
  });
}
