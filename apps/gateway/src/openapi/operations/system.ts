import { queries } from '../../requests.ts';
import { byCall, byName, type Given, type Operations } from '../operation.ts';

const health = (description: string): Given => ({ description, json: 'Health' });

export const systemOperations: Operations = {
  'GET /health': {
    id: 'getHealth',
    tag: 'System',
    summary: 'Show every check',
    answers: { 200: health('All is well'), 503: health('Something is not; `failed_checks` names it') },
  },
  'GET /health/live': {
    id: 'getLiveness',
    tag: 'System',
    summary: 'Show that the process turns',
    answers: {
      200: {
        description: 'It does',
        json: 'Live',
        example: { status: 'healthy', service: 'gateway', uptime_s: 12 },
      },
    },
  },
  'GET /health/ready': {
    id: 'getReadiness',
    tag: 'System',
    summary: 'Show whether the process can do its job now',
    answers: { 200: health('It can'), 503: health('It cannot: it is to get no traffic') },
  },
  'GET /metrics': {
    id: 'getMetrics',
    tag: 'System',
    summary: 'Get the metrics, for Prometheus',
    answers: { 200: { description: "Prometheus' text format", type: 'text/plain' } },
  },
  'GET /openapi.json': {
    id: 'getOpenApi',
    tag: 'System',
    summary: 'Get this document',
    answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json', headers: ['ETag'] } },
  },
  'GET /api/v1/logs': {
    id: 'findLogLines',
    tag: 'System',
    summary: 'Find what every process has written about a request',
    query: queries.logs,
    answers: { 200: { description: 'By time', json: 'Logs' } },
    fails: byCall,
  },
  'GET /api/v1/log-level': {
    id: 'getLogLevel',
    tag: 'System',
    summary: "Show the level of this gateway's log",
    query: queries.none,
    answers: { 200: { description: 'As it is now', json: 'LogLevel', example: { level: 'info' } } },
  },
  'PUT /api/v1/log-level': {
    id: 'setLogLevel',
    tag: 'System',
    summary: "Change the level of a service's logs, or of all",
    query: queries.none,
    body: { schema: 'LogLevelChange', example: { level: 'debug', service: 'query', for_s: 600 } },
    answers: {
      202: {
        description: 'Announced to every process',
        json: 'LogLevelChanged',
        example: { level: 'debug', service: 'query', for_s: 600 },
      },
    },
  },
  'GET /api/v1/slow-queries': {
    id: 'listSlowQueries',
    tag: 'System',
    summary: 'List the reads that took long',
    query: queries.slow,
    answers: { 200: { description: 'In the order asked for', json: 'SlowQueries' } },
    fails: [...byName, ...byCall],
  },
  'GET /api/v1/dashboard/stream': {
    id: 'followDashboard',
    tag: 'System',
    summary: 'Follow the whole cluster, once a second, as server-sent events',
    query: queries.none,
    answers: { 200: { description: 'Without end', events: { sample: 'DashboardSample' } } },
    fails: ['overloaded'],
  },
};
