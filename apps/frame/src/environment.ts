import { z } from 'zod';
import { Failure } from '@vectorizer/errors';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reports every problem at once. */
export function readEnvironment<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.output<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Failure('validation_error', `invalid environment\n${z.prettifyError(parsed.error)}`);
}
