import type { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { shortened } from '@vectorizer/telemetry';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A failure lists at most this many problems: a client needs the first few, and a body can hold a million. */
const PROBLEMS_MAX = 8;
/** Of a field that is none of ours, as much as tells a person which it is: a name may be as long as the body. */
const NAME_CHARACTERS_MAX = 256;

/**
 * The one way by which input becomes a value. `where` is the path of the input within what the client sent, such as
 * `points[3]`; the failure's message starts with the whole path, such as `points[3].vector: component 5: expected …`.
 *
 * Nest's own pipe is not used: it deletes keys named `constructor` and `prototype`, also from payloads.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown, where = ''): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap((issue) => problemsOf(issue, [])).map((found) => located(found, where)));
}

/** A validation failure of one named field, for what no schema can say. */
export function invalidField(field: string, reason: string): Failure {
  return invalid([{ field, reason }]);
}

type Problem = { readonly field: string; readonly reason: string };

function invalid(problems: readonly Problem[]): Failure {
  const first = problems[0] ?? { field: 'body', reason: 'invalid' };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new Failure('validation_error', `${first.field}: ${first.reason}${more}`, {
    details: { ...first, ...(problems.length > 1 ? { problems: problems.slice(0, PROBLEMS_MAX) } : {}) },
  });
}

type Found = { readonly path: Path; readonly reason: string };

function located(found: Found, where: string): Problem {
  let field = where;
  for (const step of found.path) {
    field +=
      typeof step === 'number'
        ? `[${step}]`
        : `${field === '' ? '' : '.'}${shortened(String(step), NAME_CHARACTERS_MAX)}`;
  }
  return { field: field === '' ? 'body' : field, reason: found.reason };
}

function problemsOf(issue: Issue, base: Path): Found[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], reason: 'unknown field' }));
  }
  if (issue.code === 'invalid_union') {
    const branch = likelyBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => problemsOf(inner, path));
    const reason = issue.message === 'Invalid input' ? expectation(issue.errors) : issue.message;
    return [{ path, reason }];
  }
  return [{ path, reason: issue.message.replace(/^Invalid input: /, '').replace(/^Invalid option: /, '') }];
}

/**
 * Of the alternatives of a union, the one that the client meant: the only one whose faults all lie deeper than the
 * alternative itself. `{ key, range: { gte: true } }` is a range with a bad bound, not a match without its field.
 */
function likelyBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter((issues) => issues.length > 0 && issues.every(isDeep));
  return meant.length === 1 ? meant[0] : undefined;
}

function isDeep(issue: Issue): boolean {
  if (issue.code === 'unrecognized_keys' || issue.path.length === 0) {
    return issue.code === 'invalid_union' && likelyBranch(issue.errors) !== undefined;
  }
  // What zod reports for an absent key; a present one of a wrong type says what it received.
  return !(issue.code === 'invalid_type' && issue.path.length === 1 && issue.message.endsWith('received undefined'));
}

function expectation(branches: readonly (readonly Issue[])[]): string {
  const expected = branches
    .map((issues) => issues[0])
    .map((issue) => (issue && 'expected' in issue ? issue.expected : ''));
  const names = [...new Set(expected.filter((name) => name !== '' && name !== 'object'))];
  return names.length > 0 ? `expected ${names.join(' or ')}` : 'matches none of the known forms';
}
