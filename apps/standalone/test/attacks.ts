import type { ApiDescription } from '@vectorizer/testing';
import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { hostileBytes, hostileHeader, hostileText, hostileValue, spoiled } from './hostile.ts';
import { valuesOf } from './schema-values.ts';

/** A request, and what the description says of it. */
export type Attack = {
  readonly route: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Buffer | undefined;
  /** The body as JSON, where it is some. */
  readonly json: unknown;
};

type Parameter = Readonly<Record<string, unknown>> & { readonly name: string };
/** What is there, so that requests of good form reach what is behind it. */
const there: Readonly<Record<string, readonly string[]>> = {
  collection: ['books', 'books', 'codes', 'nothing'],
  alias: ['current', 'nothing'],
  id: ['a', 'b', 'node/books/0'],
  key: ['year', 'aaaaaaaaaaaa'],
};
const packr = new Packr({ useRecords: false });

/** Requests to an operation: of the form that its description has, almost so, and of no form at all. */
export function attacksOn(route: string, api: ApiDescription): fc.Arbitrary<Attack> {
  const resolve = (schema: object): Readonly<Record<string, unknown>> => api.resolve(schema as Record<string, unknown>);
  const described = api.operations.get(route)?.parameters.map((each) => resolve(each) as Parameter) ?? [];
  const of = (place: string): readonly Parameter[] => described.filter((each) => each['in'] === place);
  const good = ({ name, schema }: Parameter): fc.Arbitrary<string> => {
    const texts = valuesOf(schema as object as Record<string, unknown>, resolve).map(textOf);
    const known = there[name];
    return known === undefined ? texts : fc.oneof(fc.constantFrom(...known), fc.constantFrom(...known), texts);
  };
  const parts = (place: string, otherwise: fc.Arbitrary<string>): Record<string, fc.Arbitrary<string>> =>
    Object.fromEntries(
      of(place).map((each) => [
        each.name,
        fc.oneof({ weight: 5, arbitrary: good(each) }, { weight: 1, arbitrary: otherwise }),
      ]),
    );
  const required = of('query').flatMap(({ name, required: needed }) => (needed === true ? [name] : []));
  const foreign = fc.dictionary(fc.oneof(fc.constantFrom('unheard-of', '__proto__'), hostileText), hostileText, {
    maxKeys: 1,
  });
  return fc
    .record({
      route: fc.constant(route),
      path: fc.record(parts('path', hostileText)) as fc.Arbitrary<Record<string, string>>,
      query: fc.oneof(
        { weight: 6, arbitrary: fc.record(parts('query', hostileText), { requiredKeys: required }) },
        { weight: 1, arbitrary: foreign },
      ) as fc.Arbitrary<Record<string, string>>,
      headers: fc.record(parts('header', hostileHeader), { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>,
      body: bodies(route, api, resolve),
    })
    .map(({ body, headers, ...rest }) => ({ ...rest, ...body, headers: { ...headers, ...body.headers } }));
}

type Body = Pick<Attack, 'raw' | 'json' | 'headers'>;
const JSON_TYPE = { 'content-type': 'application/json' };
const NONE: Body = { raw: undefined, json: undefined, headers: {} };

const asJson = (json: unknown): Body => ({
  raw: Buffer.from(JSON.stringify(json) ?? 'null'),
  json,
  headers: JSON_TYPE,
});
const asPack = (value: unknown): Body => ({
  raw: packr.pack(value),
  json: undefined,
  headers: { 'content-type': 'application/msgpack' },
});

function bodies(
  route: string,
  api: ApiDescription,
  resolve: (schema: object) => Record<string, unknown>,
): fc.Arbitrary<Body> {
  if (route.startsWith('GET ')) return fc.constant(NONE);
  const pointer = api.bodyOf(route);
  const valid = pointer === undefined ? hostileValue : valuesOf({ $ref: pointer }, resolve);
  const types = fc.constantFrom(
    'application/json',
    'application/msgpack',
    'text/plain',
    'application/json; charset=latin1',
  );
  const bytes = fc
    .tuple(hostileBytes, types)
    .map(([raw, type]) => ({ raw, json: undefined, headers: { 'content-type': type } }));
  return fc.oneof(
    { weight: 5, arbitrary: valid.map(asJson) },
    { weight: 5, arbitrary: spoiled(valid).map(asJson) },
    { weight: 1, arbitrary: hostileValue.map(asJson) },
    { weight: 1, arbitrary: fc.oneof(valid, spoiled(valid)).map(asPack) },
    { weight: 1, arbitrary: bytes },
    { weight: pointer === undefined ? 8 : 1, arbitrary: fc.constant(NONE) },
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
