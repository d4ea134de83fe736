import { z } from 'zod';
import { CollectionName, NodeId } from '../names.ts';
import { LogLevelChange, LogLevelName } from '../log-level.ts';
import { SlowQuery } from '../slow-query.ts';
import { Fault } from './error-answer.ts';
import { Count, list, maybe, Time } from '../shapes.ts';

const LiveAnswer = z.object({ status: z.literal('healthy'), service: z.string(), uptime_s: Count });
/** Each check with what it found. */
const HealthAnswer = z.object({
  status: z.enum(['healthy', 'degraded']),
  service: z.string(),
  checks: list(z.looseObject({ name: z.string(), status: z.enum(['up', 'down']) })),
  failed_checks: list(z.string()),
  shutting_down: maybe(z.literal(true)),
});

const answered = {
  processes: Count.describe('That answered'),
  unanswered: Count.describe('That are there and did not answer in time: what those remember is missing'),
};
const SlowQueriesAnswer = z.object({
  threshold_ms: z.number().describe('What counts as slow: the lowest of the thresholds'),
  ...answered,
  queries: list(SlowQuery),
});

const LogsAnswer = z.object({
  correlation_id: z.string(),
  ...answered,
  lines: list(z.looseObject({ time: z.string(), level: z.string(), service: z.string(), process: z.string() })),
});
const LogLevelAnswer = z.object({ level: LogLevelName });

const NodesAnswer = z.object({
  nodes: list(
    z.object({
      node: NodeId,
      host: z.string(),
      port: z.int(),
      speaks: z.boolean().describe('Whether it was heard just now'),
      replicas: Count.describe('Placed on it'),
    }),
  ),
  count: Count,
});
const NodeRemovedAnswer = z.object({ node: NodeId, status: z.literal('removed') });

const event = {
  sequence: Count.describe('As the publish was acknowledged'),
  subject: z.string(),
  at: Time.describe('When the log servers took it'),
  bytes: Count,
};
/** Of any type: it may be of a later version. */
const letter = {
  sequence: Count,
  at: Time,
  error: Fault.extend({ type: z.string() }),
  actor: z.string().describe('Who published it: `key:` and its id, `open:anybody`, or `unknown`'),
};
const DeadLettersAnswer = z.object({
  dead_letters: list(z.object({ ...letter, event: z.object(event) })),
  next: Count.nullable().describe('The next `after`; null at the end'),
});
const DeadLetterAnswer = z.object({
  ...letter,
  event: z.object({
    ...event,
    headers: z.record(z.string(), z.string()),
    body: z.string().nullable().describe('As text; null when it is none'),
    body_base64: z.base64(),
  }),
});
const DeadLetterRetriedAnswer = z.object({ sequence: Count, event_sequence: Count });
const DeadLetterDroppedAnswer = z.object({ sequence: Count, status: z.literal('dropped') });
const EventTokenAnswer = z.object({ sequence: Count, collection: CollectionName, token: z.string() });

export const systemAnswers = {
  Live: LiveAnswer,
  Health: HealthAnswer,
  SlowQuery,
  SlowQueries: SlowQueriesAnswer,
  Logs: LogsAnswer,
  LogLevel: LogLevelAnswer,
  LogLevelChanged: LogLevelChange,
  Nodes: NodesAnswer,
  NodeRemoved: NodeRemovedAnswer,
  DeadLetters: DeadLettersAnswer,
  DeadLetter: DeadLetterAnswer,
  DeadLetterRetried: DeadLetterRetriedAnswer,
  DeadLetterDropped: DeadLetterDroppedAnswer,
  EventToken: EventTokenAnswer,
};
