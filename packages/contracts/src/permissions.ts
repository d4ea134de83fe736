import { z } from 'zod';

/** What a caller may do; each route names what it needs. The list is that of the upstream interface. */
export const Permission = z.enum([
  'create_collection',
  'read_collection',
  'update_collection',
  'delete_collection',
  'list_collections',
  'insert_vector',
  'search_vector',
  'update_vector',
  'delete_vector',
  'get_vector',
  'batch_insert',
  'batch_search',
  'batch_update',
  'batch_delete',
  'manage_api_keys',
  'view_audit_logs',
  'configure_server',
  'manage_replication',
  'view_metrics',
  'view_system_stats',
  'restart_server',
  'backup_data',
  'restore_data',
]);
export type Permission = z.infer<typeof Permission>;

const viewer: readonly Permission[] = [
  'read_collection',
  'list_collections',
  'search_vector',
  'get_vector',
  'view_system_stats',
];
const editor: readonly Permission[] = [
  ...viewer,
  'create_collection',
  'update_collection',
  'insert_vector',
  'update_vector',
  'delete_vector',
  'batch_insert',
  'batch_search',
  'batch_update',
  'batch_delete',
];

/** The roles that are always there, each with all that the one before it may; nobody can change or remove them. */
export const builtInRoles: Readonly<Record<'viewer' | 'editor' | 'admin', readonly Permission[]>> = {
  viewer,
  editor,
  admin: Permission.options,
};

export const RoleName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'expected 1 to 32 lower-case letters, digits, "_" or "-", starting with a letter');
export type RoleName = z.infer<typeof RoleName>;

/** A role that was made here, as it is stored. */
export const RoleRecord = z.object({
  v: z.literal(1),
  name: RoleName,
  permissions: z.array(Permission).min(1),
  created_at: z.iso.datetime(),
});
export type RoleRecord = z.infer<typeof RoleRecord>;

export const RoleBody = z.strictObject({
  permissions: z.array(Permission).min(1, 'must not be empty').max(Permission.options.length),
});
