import { z } from 'zod';
import { limits } from './limits.ts';

/** A collection's name in which each `*` stands for any characters, or for none. */
export const CollectionPattern = z
  .string()
  .regex(/^[a-zA-Z0-9_*-]{1,63}$/, 'expected 1 to 63 letters, digits, "_", "-" or "*"');

/** A subject of the log server in which `*` stands for one part, and a last `>` for one or more. */
export const EventPattern = z
  .string()
  .max(256)
  .regex(/^([a-zA-Z0-9_-]+|\*)(\.([a-zA-Z0-9_-]+|\*))*(\.>)?$|^>$/, 'expected parts of letters, digits, "_" or "-"');

export const CollectionPatterns = z.array(CollectionPattern).max(limits.patternsMax);
export const EventPatterns = z.array(EventPattern).max(limits.patternsMax);

/** In time that grows with the lengths only, whatever the pattern: no regular expression is made of it. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return name === pattern;
  const last = rest.pop() ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, name));
}

/** Whether whatever the second lets through the first does, as far as that can be seen from their text. */
export function coversPatterns(wide: readonly string[], narrow: readonly string[]): boolean {
  return narrow.every((pattern) => matchesAny(wide, pattern));
}

/** What both patterns match, of which the second has no `>`; undefined when that is nothing. */
export function commonSubject(pattern: string, other: string): string | undefined {
  const parts = other.split('.');
  const wanted = pattern.split('.');
  const isOpen = wanted.at(-1) === '>';
  if (isOpen ? wanted.length > parts.length : wanted.length !== parts.length) return undefined;
  const common = parts.map((part, i) => {
    const also = isOpen && i >= wanted.length - 1 ? '*' : (wanted[i] ?? '');
    if (also === '*') return part;
    return part === '*' || part === also ? also : undefined;
  });
  return common.every((part) => part !== undefined) ? common.join('.') : undefined;
}

export function matchesSubject(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const parts = subject.split('.');
  for (const [i, part] of wanted.entries()) {
    if (part === '>') return parts.length > i;
    if (parts[i] === undefined || (part !== '*' && part !== parts[i])) return false;
  }
  return wanted.length === parts.length;
}
