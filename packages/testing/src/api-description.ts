import formats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Json = Readonly<Record<string, unknown>>;
type Answered = {
  readonly status: number;
  readonly headers: Readonly<Partial<Record<string, string>>>;
  readonly body: string;
};
type OperationObject = Json & {
  readonly operationId: string;
  readonly parameters: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
};

const KEY = 'api';
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

/**
 * An OpenAPI 3.1 document that requests and answers are held to. Its answers are open, since later versions may add fields;
 * here they are closed, so that a field that is not described is a fault.
 */
export class ApiDescription {
  readonly document: Json;
  readonly #ajv: Ajv2020;
  readonly #whole: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: object, { answers }: { readonly answers: readonly string[] }) {
    this.document = document as Json;
    const checked = structuredClone(this.document);
    for (const name of answers) close(at(checked, `#/components/schemas/${name}`));
    this.#ajv = validator(checked);
    this.#whole = validator(openItems(structuredClone(this.document)) as Json);
  }

  /** Its operations by method and path, in the form of the router: `GET /a/:b`. */
  get operations(): ReadonlyMap<string, OperationObject> {
    const found = new Map<string, OperationObject>();
    for (const [path, item] of Object.entries(this.document['paths'] as Json)) {
      for (const method of METHODS) {
        const operation = (item as Json)[method];
        const pattern = path.replaceAll(/\{([a-z]+)\}/g, ':$1');
        if (operation !== undefined) found.set(`${method.toUpperCase()} ${pattern}`, operation as OperationObject);
      }
    }
    return found;
  }

  /** What a `$ref` stands for; anything else is itself. */
  resolve(value: Json): Json {
    return typeof value['$ref'] === 'string' ? at(this.document, value['$ref']) : value;
  }

  /** What is wrong with a value by the schema there; undefined when it fits. */
  misfit(pointer: string, value: unknown): string | undefined {
    const validate = this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: `${KEY}${pointer}` });
    this.#compiled.set(pointer, validate);
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors, { dataVar: 'it' });
  }

  /** Where the schema of the JSON body of a request is; undefined when the operation takes none. */
  bodyOf(route: string): string | undefined {
    const content = this.#operation(route).requestBody?.['content'] as Json | undefined;
    return (content?.['application/json'] as { schema: { $ref: string } } | undefined)?.schema.$ref;
  }

  /** What a body as a whole is refused for; items that are answered for one by one are no part of that. */
  bodyMisfit(route: string, body: unknown): string | undefined {
    const pointer = this.bodyOf(route);
    if (pointer === undefined) return 'the operation takes none';
    const validate = this.#whole.getSchema(`${KEY}${pointer}`);
    return validate?.(body) === true ? undefined : this.#whole.errorsText(validate?.errors);
  }

  /** What of an answer is not as it is described; undefined when all is. */
  misfitOf(route: string, { status, headers, body }: Answered): string | undefined {
    const described = this.#operation(route).responses[String(status)];
    if (described === undefined) return `status ${status} is not described: ${body.slice(0, 300)}`;
    const pointer = typeof described['$ref'] === 'string' ? described['$ref'] : this.#pointer(route, status);
    const response = this.resolve(described);
    const { 'content-type': given = '' } = headers;
    const [type = ''] = given.split(';');
    const content = (response['content'] as Json)[type] as Json | undefined;
    if (content === undefined) return `${status} of type ${type} is not described`;
    const unknown = Object.keys(headers).filter((name) => OWN_HEADERS.has(name) && !hasHeader(response, name));
    if (unknown.length > 0) return `${status} with headers that are not described: ${unknown.join(', ')}`;
    if (type !== 'application/json' || content['schema'] === undefined) return undefined;
    const misfit = this.misfit(`${pointer}/content/application~1json/schema`, JSON.parse(body));
    return misfit === undefined ? undefined : `${status}: ${misfit}: ${body.slice(0, 600)}`;
  }

  #operation(route: string): OperationObject {
    const operation = this.operations.get(route);
    if (operation === undefined) throw new Error(`${route} is not described`);
    return operation;
  }

  #pointer(route: string, status: number): string {
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replaceAll(/:([a-z]+)/g, '{$1}').replaceAll('/', '~1');
    return `#/paths/${encodeURIComponent(path)}/${method.toLowerCase()}/responses/${status}`;
  }
}

function validator(document: Json): Ajv2020 {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/);
  return ajv.addSchema(document, KEY);
}

/** In place: items that are checked one by one may be anything. */
function openItems(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const object = schema as Record<string, unknown>;
  if (object['x-checked-each'] === true) delete object['items'];
  for (const part of Object.values(object)) openItems(part);
  return schema;
}

/** Those that tell something of an answer; the others are of HTTP, or of every answer. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'x-correlation-id',
  'x-vectorizer-token',
  'idempotency-key',
  'location',
  'x-cache',
  'x-cache-age-ms',
  'server-timing',
  'retry-after',
  'www-authenticate',
  'content-disposition',
]);

function hasHeader(response: Json, name: string): boolean {
  return Object.keys(response['headers'] as Json).some((each) => each.toLowerCase() === name);
}

function at(document: Json, pointer: string): Json {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<Json>((value, step) => value[step.replaceAll('~1', '/')] as Json, document);
}

/** In place: objects of which the properties are said have no others. */
function close(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  const object = schema as Record<string, unknown>;
  if (object['properties'] !== undefined && object['type'] === 'object') object['additionalProperties'] ??= false;
  for (const part of Object.values(object)) close(part);
}
