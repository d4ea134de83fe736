import { z } from 'zod';
import { answers } from './answers/answers.ts';
import { requestBodies } from './request-bodies.ts';
import { componentOf, writtenReferences, writtenSchemas, type JsonSchema } from './written-schemas.ts';

type Side = 'input' | 'output';

/**
 * The JSON Schemas (2020-12) of all bodies and answers, by name, as components of an OpenAPI document: of bodies what is
 * taken, of answers what they are. Answers may gain fields in later versions, so they are not closed.
 */
export function componentSchemas(): Readonly<Record<string, JsonSchema>> {
  const taken = schemasOf(requestBodies, 'input');
  const given = schemasOf(answers, 'output');
  const both = Object.keys(given).filter((name) => Object.hasOwn(taken, name));
  if (both.length > 0) throw new Error(`names of both a body and an answer: ${both.join(', ')}`);
  return { ...taken, ...given };
}

/** One that is no component, such as a parameter's: as what the parsed text is. */
export function parameterSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { ...OPTIONS, io: 'output', override: tidy('input') });
  return json;
}

const OPTIONS = { target: 'draft-2020-12', unrepresentable: 'any' } as const;

function schemasOf(named: Readonly<Record<string, z.ZodType>>, io: Side): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, io, uri: componentOf, override: tidy(io) });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [id, schema]),
  );
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

function tidy(io: Side): Override {
  return ({ zodSchema, jsonSchema }) => {
    const written = writtenSchemas.get(zodSchema) ?? writtenReferences.get(zodSchema);
    Object.assign(jsonSchema, written);
    delete jsonSchema.readOnly;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    // The pattern says the same at ten times the length.
    if (jsonSchema.format === 'date-time' || jsonSchema.format === 'base64') delete jsonSchema.pattern;
    if (isAnyName(jsonSchema.propertyNames)) delete jsonSchema.propertyNames;
    if (io === 'input') return;
    if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    delete jsonSchema.default;
  };
}

function isAnyName(names: unknown): boolean {
  return JSON.stringify(names) === '{"type":"string"}';
}
