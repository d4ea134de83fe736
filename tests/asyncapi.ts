import { answers, deadLetters, eventJsonSchema, EventKind, eventNeeds, events, limits } from '@vectorizer/contracts';
import { z } from 'zod';

const ref = (path: string): { readonly $ref: string } => ({ $ref: `#/${path}` });
const capital = (kind: string): string => `${kind[0]?.toUpperCase()}${kind.slice(1)}`;

const purposes: Readonly<Record<EventKind, string>> = {
  upsert: 'Writes points, replacing those of the same ids',
  update: 'Updates points that are there: what is absent is kept',
  delete: 'Deletes points; what is not there is no fault',
};

const parameters = {
  collection: { description: 'The name of a collection, or one of its aliases' },
  key: { description: 'The id of the key that the producer has brought, where there are keys' },
};

/** Vectorizer as producers of events see it, in AsyncAPI 3.0. */
export function asyncApiDocument(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Vectorizer events',
      version: '1.0.0',
      description:
        `Points that are written by publishing to the JetStream stream ${events.stream}. Publish with JetStream and wait for the acknowledgement: from then on the event is kept. ` +
        'What is promised, who may publish, and what becomes of what is at fault: EVENTS.md.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      local: { host: '127.0.0.1:4222', protocol: 'nats', description: 'As `./vectorizer up` starts it' },
      tls: {
        host: '127.0.0.1:4222',
        protocol: 'nats',
        description: 'With `--tls`: by the certificate of `producer`, and with a key as the token of the connection',
        security: [ref('components/securitySchemes/certificate'), ref('components/securitySchemes/key')],
      },
    },
    channels: { ...eventChannels(), ...otherChannels() },
    operations: operations(),
    components: components(),
  };
}

function eventChannels(): Record<string, object> {
  return Object.fromEntries(
    EventKind.options.flatMap((kind) => {
      const address = `vectorizer.events.{collection}.${kind}`;
      const shared = { title: purposes[kind], messages: { event: ref(`components/messages/${kind}`) } };
      const { collection, key } = parameters;
      return [
        [kind, { address, ...shared, parameters: { collection } }],
        [`${kind}ByKey`, { address: `${address}.{key}`, ...shared, parameters: { collection, key } }],
      ];
    }),
  );
}

function otherChannels(): Record<string, object> {
  return {
    acknowledgement: {
      address: null,
      title: "The inbox of the publisher: JetStream's acknowledgement",
      messages: { acknowledgement: ref('components/messages/acknowledgement') },
    },
    deadLetters: {
      address: deadLetters.subject('{event}'),
      title: `Events that were refused, each once, in the stream ${deadLetters.stream}; listed, retried and dropped over HTTP`,
      parameters: { event: { description: 'The id of the event' } },
      messages: { deadLetter: ref('components/messages/deadLetter') },
    },
  };
}

function operations(): Record<string, object> {
  const received = EventKind.options.flatMap((kind) =>
    [kind, `${kind}ByKey`].map((channel) => [
      `take${capital(channel)}`,
      {
        action: 'receive',
        channel: ref(`channels/${channel}`),
        summary: purposes[kind],
        description: `Takes of a key: ${eventNeeds[kind].map((each) => `\`${each}\``).join(', ')}, and the subject in its scope of \`events\``,
        messages: [ref(`channels/${channel}/messages/event`)],
        reply: {
          channel: ref('channels/acknowledgement'),
          messages: [ref('channels/acknowledgement/messages/acknowledgement')],
        },
      },
    ]),
  );
  const putAside = {
    action: 'send',
    channel: ref('channels/deadLetters'),
    summary: 'Puts an event aside that is at fault',
    messages: [ref('channels/deadLetters/messages/deadLetter')],
  };
  return { ...(Object.fromEntries(received) as Record<string, object>), putAside };
}

function components(): object {
  const messages = EventKind.options.map((kind) => [
    kind,
    {
      title: purposes[kind],
      contentType: 'application/json',
      description: 'Or MessagePack, by the header `Content-Type` or by the first byte. At most 4 MiB, headers included',
      headers: ref('components/schemas/headers'),
      correlationId: { location: '$message.header#/X-Correlation-ID' },
      payload: ref(`components/schemas/${kind}`),
    },
  ]);
  return {
    messages: {
      ...Object.fromEntries(messages),
      acknowledgement: {
        title: 'The event is kept; or, with `error`, it is not',
        payload: ref('components/schemas/acknowledgement'),
      },
      deadLetter: {
        title: 'A refused event, and why',
        contentType: 'application/msgpack',
        payload: ref('components/schemas/deadLetter'),
      },
    },
    schemas: {
      ...Object.fromEntries(
        EventKind.options.map((kind) => [kind, { schemaFormat: FORMAT, schema: bodySchema(kind) }]),
      ),
      headers,
      acknowledgement,
      deadLetter,
    },
    securitySchemes: {
      certificate: { type: 'X509', description: 'The certificate of `producer`' },
      key: { type: 'userPassword', description: "A key, as the connection's token or password" },
    },
  };
}

const FORMAT = 'application/schema+json;version=draft-07';
/** It says nothing that the earlier draft, which tools of AsyncAPI know, has not. */
function bodySchema(kind: EventKind): object {
  return { ...eventJsonSchema(kind), $schema: 'http://json-schema.org/draft-07/schema#' };
}

const text = (description: string): object => ({ type: 'string', description });

const headers = {
  type: 'object',
  properties: {
    'Content-Type': { type: 'string', enum: ['application/json', 'application/msgpack'] },
    'Nats-Msg-Id': text('A second event of the same id is dropped within two minutes; after that, replicas know it'),
    'Idempotency-Key': {
      ...text('What was written under it once is not written again, as over HTTP'),
      pattern: `^[\\x21-\\x7e]{1,${limits.idempotencyKeyCharactersMax}}$`,
    },
    'X-Correlation-ID': text('Stands in every log line about the event'),
    traceparent: text('The trace that the writing of the event becomes a part of (W3C Trace Context)'),
  },
};

const acknowledgement = {
  type: 'object',
  properties: {
    stream: { type: 'string', const: events.stream },
    seq: { type: 'integer', description: 'The sequence that `GET /api/v1/events/{sequence}/token` asks about' },
    duplicate: { type: 'boolean', description: 'An event of that `Nats-Msg-Id` is there already' },
    error: {
      type: 'object',
      properties: { code: { type: 'integer' }, err_code: { type: 'integer' }, description: { type: 'string' } },
    },
  },
};

const { $schema: _, ...fault } = z.toJSONSchema(answers.Fault.extend({ type: z.string() }));
const deadLetter = {
  type: 'object',
  required: ['v', 'event', 'error', 'at'],
  properties: {
    v: { const: 1 },
    at: { type: 'string', format: 'date-time' },
    error: fault,
    event: {
      type: 'object',
      required: ['id', 'sequence', 'at', 'subject', 'headers', 'body'],
      properties: {
        id: { type: 'string' },
        sequence: { type: 'integer' },
        at: { type: 'integer', description: 'When the log servers took it, in epoch milliseconds' },
        subject: { type: 'string' },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        body: { description: 'Its bytes, as they were published' },
      },
    },
  },
};
