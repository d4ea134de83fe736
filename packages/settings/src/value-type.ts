import { z } from 'zod';

/** How a setting is written in a file: its text elsewhere is made of that. */
export type Shape = 'scalar' | 'list' | 'map';

/** What a setting can be. It is always text at first, as a variable of the environment is. */
export type ValueType<Value> = {
  /** Ends the sentence "expected …". */
  readonly expected: string;
  readonly shape: Shape;
  /** A path, which a file means from where it lies itself. */
  readonly isPath?: boolean;
  parse(text: string): { readonly value: Value } | { readonly reason: string };
};

export function text(expected: string, pattern: RegExp = /\S/): ValueType<string> {
  return typed(expected, z.string().regex(pattern));
}

/** Of a file or a directory. */
export function path(expected = 'a path'): ValueType<string> {
  return { ...typed(expected, z.string().min(1)), isPath: true };
}

export type Bounds = { readonly min: number; readonly max: number };

export function whole({ min, max }: Bounds, unit?: string): ValueType<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return typed(
    `a whole number${ofUnit(unit)}, ${bounds}`,
    z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(min).max(max)),
  );
}

export function decimal({ min, max }: Bounds, unit?: string): ValueType<number> {
  const number = z.string().regex(/^\d+(\.\d+)?$/);
  return typed(
    `a number${ofUnit(unit)}, ${min} to ${max}`,
    number.transform(Number).pipe(z.number().min(min).max(max)),
  );
}

export function onOff(): ValueType<boolean> {
  return typed('`true` or `false`', z.stringbool());
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): ValueType<Choice> {
  return typed(choices.map((choice) => `\`${choice}\``).join(', '), z.enum(choices));
}

/** In a variable or a flag: separated by commas. */
export function list(what: string, isOne: RegExp | ((item: string) => boolean)): ValueType<readonly string[]> {
  const item = typeof isOne === 'function' ? z.string().refine(isOne) : z.string().regex(isOne);
  const items = z
    .string()
    .transform((joined) => joined.split(',').map((each) => each.trim()))
    .pipe(z.array(item));
  return { ...typed(`${what}, separated by commas`, items), shape: 'list' };
}

/** In a variable or a flag: JSON. */
export function map<Schema extends z.ZodType>(expected: string, schema: Schema): ValueType<z.output<Schema>> {
  return {
    expected,
    shape: 'map',
    parse: (json) => {
      const value = jsonIn(json);
      if (value === undefined) return { reason: `expected ${expected}, as JSON` };
      const parsed = schema.safeParse(value);
      if (parsed.success) return { value: parsed.data };
      const [issue] = parsed.error.issues;
      return { reason: `expected ${expected}; ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` };
    },
  };
}

function typed<Schema extends z.ZodType>(expected: string, schema: Schema): ValueType<z.output<Schema>> {
  return {
    expected,
    shape: 'scalar',
    parse: (given) => {
      const parsed = schema.safeParse(given);
      return parsed.success ? { value: parsed.data } : { reason: `expected ${expected}` };
    },
  };
}

function ofUnit(unit: string | undefined): string {
  return unit === undefined ? '' : ` of ${unit}`;
}

function jsonIn(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
