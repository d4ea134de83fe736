import { z } from 'zod';
import { limits } from './limits.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Payload = { readonly [key: string]: Json };

/**
 * A payload is a JSON object. Inside the system it travels and rests as its JSON text, so that an answer can quote it
 * without parsing, and so that every replica holds the same bytes.
 */
export const PayloadText = z.unknown().transform((input, context): string => {
  const text = payloadToText(input);
  if (typeof text !== 'string') {
    context.addIssue({ code: 'custom', message: text.problem });
    return z.NEVER;
  }
  return text;
});

/** Parses a payload's text. The caller has checked it: text that is not a JSON object is a bug or a corrupt store. */
export function parsePayload(text: string): Payload {
  return JSON.parse(text) as Payload;
}

function payloadToText(input: unknown): string | { problem: string } {
  if (!isPlainObject(input)) return { problem: 'expected a JSON object' };
  const problem = checkJson(input, 0);
  if (problem !== undefined) return { problem };
  const text = JSON.stringify(input);
  return Buffer.byteLength(text) > limits.payloadBytesMax
    ? { problem: `must have at most ${limits.payloadBytesMax} bytes as JSON` }
    : text;
}

/** MessagePack bodies can carry what JSON cannot (NaN, dates, binary); JSON.stringify would change it silently. */
function checkJson(value: unknown, depth: number): string | undefined {
  if (depth > limits.payloadDepthMax) return `must nest at most ${limits.payloadDepthMax} deep`;
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'must be well-formed Unicode';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must hold finite numbers only';
  const children = Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : undefined;
  if (children === undefined) return 'must hold JSON values only';
  for (const child of children) {
    const problem = checkJson(child, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
