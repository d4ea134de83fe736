import { answers, componentSchemas, requestBodies, type JsonSchema } from '@vectorizer/contracts';
import { ruleOf, type RouteRule } from '@vectorizer/frame';
import { failureExamples, failuresOf, nameOfFailures, responseOfFailures } from './failures.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { tags, type Given, type Operation } from './operation.ts';
import { operations } from './operations.ts';
import { parametersOf } from './parameters.ts';

type Json = JsonSchema;

const ABOUT =
  'Bodies are JSON or MessagePack, answers JSON. Unknown fields and query parameters are refused. Every error has the one ' +
  'shape `Error`. A path with a method that it does not have is answered with 405 `method_not_allowed`, a path that is ' +
  'none with 404 `not_found`; HEAD is as GET. A system without keys, which listens on loopback only, asks for none. ' +
  'The permissions that an operation needs are listed beside its security schemes. ' +
  'The interface under `/qdrant` is that of Qdrant, which describes it; `docs/QDRANT.md` says what of it is served.';

/**
 * The OpenAPI document of the gateway: from the table of operations, the table of routes and the schemas that validate, so
 * that it can say nothing that is not so.
 */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, object>> = {};
  const responses = new Map<string, object>();
  for (const [route, operation] of Object.entries(operations)) {
    const [method = '', pattern = ''] = route.split(' ');
    const rule = ruleOf(method, pattern);
    if (rule === undefined) throw new Error(`${route} is not in the table of routes`);
    const path = (paths[pattern.replaceAll(/:([a-z]+)/g, '{$1}')] ??= {});
    path[method.toLowerCase()] = operationObject({ method, pattern, operation, rule }, responses);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Vectorizer',
      version: '1.0.0',
      summary: 'A replicated vector database',
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The gateway that answered this' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      responses: Object.fromEntries(responses),
      parameters: Object.fromEntries(
        Object.entries(requestHeaders).map(([name, header]) => [name, { name, in: 'header', ...header }]),
      ),
      headers: responseHeaders,
      examples: failureExamples(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key, or a token of the OIDC issuer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A key' },
      },
    },
  };
}

type Described = {
  readonly method: string;
  readonly pattern: string;
  readonly operation: Operation;
  readonly rule: RouteRule;
};

function operationObject({ method, pattern, operation, rule }: Described, responses: Map<string, object>): object {
  const { id, tag, summary, description, body, answers: given } = operation;
  const failed = [...failuresOf(method, operation, rule)].map(([status, types]): [string, Json] => {
    const name = nameOfFailures(status, types);
    responses.set(name, responseOfFailures(status, types));
    return [String(status), { $ref: `#/components/responses/${name}` }];
  });
  const answered = Object.entries(given).map(([status, each]): [string, Json] => [status, responseOf(each)]);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: securityOf(rule),
    parameters: parametersOf(pattern, operation),
    ...(body !== undefined && { requestBody: requestBodyOf(body) }),
    responses: byStatus([...failed, ...answered]),
  };
}

/** A status that is an answer for some and a failure for others has both. */
function byStatus(all: readonly [string, Json][]): Readonly<Record<string, Json>> {
  const sorted = all.toSorted(([a], [b]) => Number(a) - Number(b));
  const statuses = new Set(sorted.map(([status]) => status));
  if (statuses.size < sorted.length) throw new Error('a status is described twice');
  return Object.fromEntries(sorted);
}

function securityOf({ needs }: RouteRule): readonly object[] {
  return needs === 'public' ? [] : [{ bearer: needs }, { apiKey: needs }];
}

function requestBodyOf(body: NonNullable<Operation['body']>): object {
  if ('type' in body) return { required: true, description: body.description, content: { [body.type]: {} } };
  const { schema, optional, example } = body;
  if (!Object.hasOwn(requestBodies, schema)) throw new Error(`no body is named ${schema}`);
  const content = { schema: { $ref: `#/components/schemas/${schema}` } };
  return {
    required: optional !== true,
    content: {
      'application/json': { ...content, example },
      'application/msgpack': content,
    },
  };
}

function responseOf(given: Given): Json {
  const { description, headers = [] } = given;
  return {
    description,
    headers: Object.fromEntries(
      ['X-Correlation-ID', ...headers].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    ),
    content: contentOf(given),
  };
}

function contentOf(given: Given): Json {
  if ('events' in given) {
    const events = Object.entries(given.events).map(([name, schema]) => [
      name,
      { $ref: `#/components/schemas/${schema}` },
    ]);
    return { 'text/event-stream': { schema: { type: 'string' }, 'x-event-data': Object.fromEntries(events) as Json } };
  }
  if ('type' in given) return { [given.type]: given.type === 'application/json' ? { schema: { type: 'object' } } : {} };
  if (!Object.hasOwn(answers, given.json)) throw new Error(`no answer is named ${given.json}`);
  const schema = { $ref: `#/components/schemas/${given.json}` };
  return { 'application/json': given.example === undefined ? { schema } : { schema, example: given.example } };
}
