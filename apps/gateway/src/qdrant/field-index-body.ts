import { z } from 'zod';
import type { PayloadIndexType } from '@vectorizer/contracts';
import { withoutEffect } from './not-taken.ts';

/** A UUID in a payload is a text. */
const TYPES = {
  keyword: 'keyword',
  uuid: 'keyword',
  integer: 'integer',
  float: 'float',
  bool: 'bool',
  geo: 'geo',
  datetime: 'datetime',
} as const satisfies Record<string, PayloadIndexType>;
const names = ['keyword', 'uuid', 'integer', 'float', 'bool', 'geo', 'datetime'] as const;
const Type = z
  .enum(names, `expected one of ${names.join(', ')}; there is no full-text index here`)
  .transform((name): PayloadIndexType => TYPES[name]);

const Params = z
  .strictObject({
    type: Type,
    is_tenant: withoutEffect,
    is_principal: withoutEffect,
    on_disk: withoutEffect,
    memory: withoutEffect,
    lookup: withoutEffect,
    range: withoutEffect,
    enable_hnsw: withoutEffect,
  })
  .transform(({ type }) => type);

/** The type alone, or with what tunes it. */
export const FieldIndex = z.strictObject({
  field_name: z.string(),
  field_schema: z.unknown().transform((input, context): PayloadIndexType => {
    const parsed = (typeof input === 'string' ? Type : Params).safeParse(input);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
    return z.NEVER;
  }),
});
