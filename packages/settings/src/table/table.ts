import type { Service, Setting } from '../setting.ts';
import { everyService } from './every-service.ts';
import { gateway, redis } from './gateway.ts';
import { indexNode } from './index-node.ts';
import { monitor, silence } from './monitor.ts';
import { query } from './query.ts';
import { tokens } from './tokens.ts';

/** Every setting that there is, as docs/SETTINGS.md groups them. */
export const groups = [
  { title: 'Every service', settings: everyService },
  { title: 'Tokens of an issuer', settings: tokens },
  { title: 'Gateway', settings: gateway },
  { title: 'Redis', settings: redis },
  { title: 'Query', settings: query },
  { title: 'Index', settings: indexNode },
  { title: 'Silent nodes', settings: silence },
  { title: 'Replication monitor', settings: monitor },
] as const;

export const table = {
  ...everyService,
  ...tokens,
  ...gateway,
  ...redis,
  ...query,
  ...indexNode,
  ...silence,
  ...monitor,
};

export type SettingName = keyof typeof table;
export type SettingValues = {
  readonly [Name in SettingName]: (typeof table)[Name] extends Setting<infer Value> ? Value : never;
};

export const settingNames = Object.keys(table) as SettingName[];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(table, name);
}

export function settingOf(name: SettingName): Setting {
  return table[name];
}

export function isReadBy(name: SettingName, service: Service): boolean {
  return settingOf(name).services.includes(service);
}
