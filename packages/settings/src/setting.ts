import type { ValueType } from './value-type.ts';

export const services = ['gateway', 'ingest', 'query', 'index', 'replication-monitor', 'standalone'] as const;
export type Service = (typeof services)[number];

/** How much of a value is never shown: all of it, or the user and password within an address. */
export type Secrecy = 'value' | 'credentials';

export type Setting<Value = unknown> = {
  readonly type: ValueType<Value>;
  /** Which services do something with it. The others accept it, so that all can be given the same. */
  readonly services: readonly Service[];
  /** As it would be written in a variable; by service where they differ. Undefined: it is unset. */
  readonly default?: string | Readonly<Record<Service, string>>;
  /** Said in place of the default, where that is no value of the setting. */
  readonly otherwise?: string;
  /** What it is for, in Markdown. */
  readonly about: string;
  /** A secret can also be in a file, which a setting of its name with `_file` after it names. */
  readonly secret?: Secrecy;
  /** Services that cannot start without it. */
  readonly neededBy?: readonly Service[];
  /** Read before anything else is, and so only from the environment. */
  readonly onlyVariable?: true;
  /** How it is changed while a service runs, in Markdown; undefined: by a restart. */
  readonly atRunTime?: string;
};

type Described<Value> = Omit<Setting<Value>, 'default'>;

/** One that always has a value. */
export function setting<Value>(
  about: Described<Value> & { readonly default: string | Readonly<Record<Service, string>> },
): Setting<Value>;
/** One that may be unset. */
export function setting<Value>(about: Described<Value>): Setting<Value | undefined>;
export function setting<Value>(about: Setting<Value>): Setting<Value | undefined> {
  return about;
}

export function defaultOf({ default: given }: Setting, service: Service): string | undefined {
  return typeof given === 'object' ? given[service] : given;
}
