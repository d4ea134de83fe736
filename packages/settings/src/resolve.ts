import { readGiven } from './read-given.ts';
import { conflictsIn } from './rules.ts';
import { defaultOf, type Service } from './setting.ts';
import { fromEnvironment, type Environment } from './sources/environment.ts';
import { fromFile } from './sources/file.ts';
import type { Given, Problem, Source } from './sources/given.ts';
import { CONFIG_VARIABLE } from './table/other-variables.ts';
import { isReadBy, settingNames, settingOf, type SettingName, type SettingValues } from './table/table.ts';

export type Sources = {
  /** The settings file, where it is not the environment that names it. */
  readonly file?: string | undefined;
  readonly environment: Environment;
  readonly flags?: Source | undefined;
};

/** What was said of a setting, and where; `at` is undefined for what is so by default. */
export type Origin = {
  readonly text: string | undefined;
  readonly at: string | undefined;
  /** The text is the path of the file that holds the value. */
  readonly inFile: boolean;
};

export type Resolved = {
  /** To be used only where there is no problem. */
  readonly values: SettingValues;
  readonly origins: ReadonlyMap<SettingName, Origin>;
  readonly problems: readonly Problem[];
};

export type ResolveOptions = {
  /** A service must have what it needs; not asked of settings that are checked for no service in particular. */
  readonly complete?: boolean;
  /** Secrets are read from the files that they are in. */
  readonly readSecrets?: boolean;
};

/** What a service is set to: by flags, before that by the environment, by the file, and else by default. */
export function resolveSettings(
  service: Service,
  { file: named, environment, flags }: Sources,
  { complete = true, readSecrets = true }: ResolveOptions = {},
): Resolved {
  const path = settingsFileIn(named, environment);
  const file = path === undefined ? undefined : fromFile(path);
  const variables = fromEnvironment(environment);
  const reading = new Reading(service, readSecrets);
  reading.problems.push(...(file?.problems ?? []), ...variables.problems, ...(flags?.problems ?? []));
  for (const [of, section] of file?.sections ?? []) if (of !== service) reading.check(section);
  // The later one wins; each must be right all the same.
  for (const layer of [file?.given, file?.sections.get(service), variables.given, flags?.given]) {
    reading.take(layer ?? []);
  }
  return reading.result(complete);
}

/** The settings file that a process is to read; undefined: there is none. */
export function settingsFileIn(named: string | undefined, environment: Environment): string | undefined {
  const path = named ?? environment[CONFIG_VARIABLE];
  return path === '' ? undefined : path;
}

class Reading {
  readonly problems: Problem[] = [];
  readonly #service: Service;
  readonly #readSecrets: boolean;
  readonly #origins = new Map<SettingName, Origin>();
  readonly #values: Partial<Record<SettingName, unknown>> = {};

  constructor(service: Service, readSecrets: boolean) {
    this.#service = service;
    this.#readSecrets = readSecrets;
    for (const name of settingNames) {
      const setting = settingOf(name);
      const text = defaultOf(setting, service);
      this.#origins.set(name, { text, at: undefined, inFile: false });
      if (text !== undefined) this.#values[name] = valueOf(name, text);
    }
  }

  take(layer: readonly Given[]): void {
    for (const given of this.check(layer)) {
      const { name, text, inFile, at } = given;
      this.#values[name] = given.value;
      this.#origins.set(name, { text, at, inFile });
    }
  }

  /** Those that can be used, with their values. */
  check(layer: readonly Given[]): (Given & { readonly value: unknown })[] {
    const usable: (Given & { readonly value: unknown })[] = [];
    for (const given of layer) {
      const { name, inFile, at } = given;
      if (inFile && layer.some((other) => other.name === name && !other.inFile)) {
        this.problems.push({ at, reason: `${name} is set beside this, and only one of them can be` });
      }
      const read = readGiven(given, this.#readSecrets && isReadBy(name, this.#service));
      if ('value' in read) usable.push({ ...given, ...read });
      else this.problems.push({ at, reason: read.reason });
    }
    return usable;
  }

  result(complete: boolean): Resolved {
    const values = this.#values as SettingValues;
    const conflicts = conflictsIn(values, this.#service).map(({ name, reason }) => ({
      at: this.#origins.get(name)?.at ?? name,
      reason: `${name} ${reason}`,
    }));
    const missing = complete ? this.#missing() : [];
    return { values, origins: this.#origins, problems: [...this.problems, ...conflicts, ...missing] };
  }

  #missing(): Problem[] {
    const isMissing = (name: SettingName): boolean =>
      settingOf(name).neededBy?.includes(this.#service) === true && this.#values[name] === undefined;
    return settingNames.filter(isMissing).map((at) => ({ at, reason: `is needed by ${this.#service}` }));
  }
}

/** A default is a value of its setting, or the table is wrong. */
function valueOf(name: SettingName, text: string): unknown {
  const parsed = settingOf(name).type.parse(text);
  if ('value' in parsed) return parsed.value;
  throw new TypeError(`the default of ${name} is none: ${parsed.reason}`);
}
