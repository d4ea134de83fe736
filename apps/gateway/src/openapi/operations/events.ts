import { queries } from '../../requests.ts';
import { byName, type Operations } from '../operation.ts';

const E = '/api/v1/events';
const L = `${E}/dead-letters`;
const summary = {
  sequence: 7,
  at: '2026-11-27T08:00:00.000Z',
  actor: 'key:0123456789ab',
  error: {
    type: 'dimension_mismatch',
    message: 'vector: expected 3 components, got 2',
    details: { field: 'vector', expected: 3, actual: 2 },
  },
};
const event = { sequence: 41, subject: 'vectorizer.events.books.upsert', at: '2026-11-27T08:00:00.000Z', bytes: 33 };

export const eventOperations: Operations = {
  [`GET ${E}/:sequence/token`]: {
    id: 'getEventToken',
    tag: 'Events',
    summary: 'Wait until an event is written, and get a token that reads see it by',
    query: queries.operation,
    answers: {
      200: {
        description: 'It is written',
        json: 'EventToken',
        headers: ['X-Vectorizer-Token'],
        example: { sequence: 41, collection: 'books', token: 'eyJ1IjoiYWJjZGVmZ2hpamtsbW5vcCIsInMiOls3XX0' },
      },
    },
    fails: [...byName, 'event_not_found', 'event_refused', 'deadline_exceeded'],
  },
  [`GET ${L}`]: {
    id: 'listDeadLetters',
    tag: 'Events',
    summary: 'List the events that were refused, and why',
    query: queries.deadLetters,
    answers: {
      200: {
        description: 'Oldest first',
        json: 'DeadLetters',
        example: { dead_letters: [{ ...summary, event }], next: null },
      },
    },
    fails: ['log_unavailable'],
  },
  [`GET ${L}/:sequence`]: {
    id: 'getDeadLetter',
    tag: 'Events',
    summary: 'Show a refused event with its headers and body',
    query: queries.none,
    answers: {
      200: {
        description: 'As it was published',
        json: 'DeadLetter',
        example: {
          ...summary,
          event: {
            ...event,
            headers: { 'Nats-Msg-Id': 'dune-1' },
            body: '{"id":"dune","vector":[0.1,0.9]}',
            body_base64: 'eyJpZCI6ImR1bmUiLCJ2ZWN0b3IiOlswLjEsMC45XX0=',
          },
        },
      },
    },
    fails: ['dead_letter_not_found', 'log_unavailable'],
  },
  [`POST ${L}/:sequence/retry`]: {
    id: 'retryDeadLetter',
    tag: 'Events',
    summary: 'Publish a refused event again, behind what waits',
    query: queries.none,
    answers: {
      202: {
        description: 'Published',
        json: 'DeadLetterRetried',
        example: { sequence: 7, event_sequence: 52 },
      },
    },
    fails: ['dead_letter_not_found', 'log_unavailable'],
  },
  [`DELETE ${L}/:sequence`]: {
    id: 'dropDeadLetter',
    tag: 'Events',
    summary: 'Drop a refused event',
    query: queries.none,
    answers: {
      200: { description: 'It is gone', json: 'DeadLetterDropped', example: { sequence: 7, status: 'dropped' } },
    },
    fails: ['dead_letter_not_found', 'log_unavailable'],
  },
};
