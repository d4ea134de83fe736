import { z } from 'zod';
import { KeyRecord } from '../api-key.ts';
import { AuditEntry } from '../audit.ts';
import { Permission, RoleName } from '../permissions.ts';
import { Count, list, Time } from '../shapes.ts';

/** Whom the gateway takes a caller for. */
const MeAnswer = z.object({
  kind: z.enum(['open', 'key', 'token']).describe('`open`: anybody, where there are no keys'),
  id: z.string(),
  name: z.string(),
  roles: list(z.string()),
  permissions: list(Permission),
  collections: list(z.string()),
  events: list(z.string()),
  expires_at: Time.nullable(),
});

/** A key as it is shown: nothing of the key itself, and how it was used. */
const KeyAnswer = KeyRecord.omit({ v: true, hash: true, previous: true }).extend({
  active: z.boolean(),
  grace_until: Time.nullable().describe(
    'Until when what it was before its rotation is still good; null when that is not',
  ),
  usage: z.object({ requests: Count, last_used_at: Time.nullable() }),
});
const KeysAnswer = z.object({ keys: list(KeyAnswer) });
const IssuedKeyAnswer = KeyAnswer.extend({ key: z.string().describe('The key itself: shown here and never again') });

const RoleAnswer = z.object({
  name: RoleName,
  permissions: list(Permission),
  built_in: z.boolean().describe('Neither changed nor removed by anybody'),
});
const RolesAnswer = z.object({ roles: list(RoleAnswer) });
const RoleDeletedAnswer = z.object({ name: RoleName, status: z.literal('deleted') });

/** Newest first. */
const AuditAnswer = z.object({
  entries: list(AuditEntry.extend({ id: z.string().describe('Where it is in the log') })),
  next: z.string().nullable().describe('The next `before`; null at the end'),
});
const AuditChainAnswer = z.object({
  first: Count,
  last: Count,
  created: z.string(),
  messages: list(z.object({ sequence: Count, data: z.base64().describe('The bytes of the message') })),
});

export const accessAnswers = {
  Me: MeAnswer,
  Permission,
  Key: KeyAnswer,
  Keys: KeysAnswer,
  IssuedKey: IssuedKeyAnswer,
  Role: RoleAnswer,
  Roles: RolesAnswer,
  RoleDeleted: RoleDeletedAnswer,
  AuditPage: AuditAnswer,
  AuditChain: AuditChainAnswer,
};
