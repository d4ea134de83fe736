import { queries } from '../../requests.ts';
import type { Operations } from '../operation.ts';

const K = '/api/v1/auth/keys';
const R = '/api/v1/auth/roles';
const key = {
  id: 'a1b2c3d4e5f6',
  name: 'importer',
  roles: ['editor'],
  collections: ['team-*'],
  events: [],
  rate: { tier: 'default' },
  created_at: '2026-11-27T08:00:00.000Z',
  created_by: 'key 0123456789ab',
  rotated_at: null,
  expires_at: null,
  revoked_at: null,
  active: true,
  grace_until: null,
  usage: { requests: 12, last_used_at: '2026-11-27T08:05:00.000Z' },
};
const issued = { ...key, key: 'vz_a1b2c3d4e5f6_…' };
const role = { name: 'reader', permissions: ['get_vector', 'search_vector'], built_in: false };

export const accessOperations: Operations = {
  'GET /api/v1/auth/me': {
    id: 'getMe',
    tag: 'Access',
    summary: 'Show whom the gateway takes the caller for',
    query: queries.none,
    answers: { 200: { description: 'Roles, permissions and scope', json: 'Me' } },
  },
  [`GET ${K}`]: {
    id: 'listKeys',
    tag: 'Access',
    summary: 'List the keys within the scope of who asks',
    query: queries.none,
    answers: { 200: { description: 'Nothing of the keys themselves', json: 'Keys', example: { keys: [key] } } },
  },
  [`POST ${K}`]: {
    id: 'createKey',
    tag: 'Access',
    summary: 'Make a key',
    description: 'Nobody gives what they do not have. `expires_in` is in seconds.',
    query: queries.none,
    body: { schema: 'NewKey', example: { name: 'importer', roles: ['editor'], collections: ['team-*'] } },
    answers: {
      201: { description: 'The key, shown once', json: 'IssuedKey', headers: ['Location'], example: issued },
    },
  },
  [`GET ${K}/:key`]: {
    id: 'getKey',
    tag: 'Access',
    summary: 'Show a key',
    query: queries.none,
    answers: { 200: { description: 'Nothing of the key itself', json: 'Key', example: key } },
    fails: ['not_found', 'log_unavailable'],
  },
  [`DELETE ${K}/:key`]: {
    id: 'revokeKey',
    tag: 'Access',
    summary: 'Revoke a key',
    query: queries.none,
    answers: { 200: { description: 'It is good no longer', json: 'Key', example: { ...key, active: false } } },
    fails: ['not_found'],
  },
  [`POST ${K}/:key/rotate`]: {
    id: 'rotateKey',
    tag: 'Access',
    summary: 'Replace a key by another under the same id',
    query: queries.none,
    body: { schema: 'KeyRotation', optional: true, example: { grace_s: 300 } },
    answers: { 200: { description: 'The new one, shown once', json: 'IssuedKey', example: issued } },
    fails: ['not_found'],
  },
  [`GET ${R}`]: {
    id: 'listRoles',
    tag: 'Access',
    summary: 'List the roles',
    query: queries.none,
    answers: { 200: { description: 'Those that are always there, too', json: 'Roles', example: { roles: [role] } } },
  },
  [`PUT ${R}/:role`]: {
    id: 'putRole',
    tag: 'Access',
    summary: 'Make or change a role',
    query: queries.none,
    body: { schema: 'RolePermissions', example: { permissions: ['get_vector', 'search_vector'] } },
    answers: { 200: { description: 'As it is now', json: 'Role', example: role } },
  },
  [`DELETE ${R}/:role`]: {
    id: 'deleteRole',
    tag: 'Access',
    summary: 'Remove a role',
    query: queries.none,
    answers: {
      200: { description: 'It is gone', json: 'RoleDeleted', example: { name: 'reader', status: 'deleted' } },
    },
    fails: ['not_found'],
  },
  'GET /api/v1/audit': {
    id: 'findAuditEntries',
    tag: 'Access',
    summary: 'Find who did what',
    description:
      'Without `before` from the newest on. A page may hold less than was asked for, and still have a `next`.',
    query: queries.audit,
    answers: { 200: { description: 'Newest first', json: 'AuditPage' } },
    fails: ['log_unavailable'],
  },
  'GET /api/v1/audit/chain': {
    id: 'getAuditChain',
    tag: 'Access',
    summary: 'Get the messages of the audit log as they are, to verify them',
    query: queries.auditChain,
    answers: { 200: { description: 'Those after one', json: 'AuditChain' } },
    fails: ['log_unavailable'],
  },
};
