import { InvalidArgumentError } from 'commander';
import type { Filter } from '@vectorizer/client';

/** Parsers of JSON, for options; what is inside is the server's to judge. */
export function filterOf(text: string): Filter {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError('a filter as JSON, such as {"must":[{"key":"year","range":{"gte":1950}}]}.');
}

export function vectorOf(text: string): readonly number[] | undefined {
  const value = parsed(text);
  return Array.isArray(value) ? (value as readonly number[]) : undefined;
}

/** Text that does not parse is of no kind. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
