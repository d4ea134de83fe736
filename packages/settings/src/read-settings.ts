import { Failure } from '@vectorizer/errors';
import { resolveSettings } from './resolve.ts';
import type { Service } from './setting.ts';
import type { Environment } from './sources/environment.ts';
import { fromFlags } from './sources/flags.ts';
import type { Problem } from './sources/given.ts';
import type { SettingValues } from './table/table.ts';

type ServiceProcess = {
  readonly environment: Environment;
  /** As the process has them, with the program and its file first. */
  readonly argv: readonly string[];
};

/** What a service's process is set to. Throws one failure that tells every problem. */
export function readSettings(service: Service, { environment, argv }: ServiceProcess): SettingValues {
  const { config, ...flags } = fromFlags(argv.slice(2));
  const { values, problems } = resolveSettings(service, { file: config, environment, flags });
  if (problems.length > 0) throw unusableSettings(problems);
  return values;
}

/** One line for each. */
export function unusableSettings(problems: readonly Problem[]): Failure {
  return new Failure('validation_error', ['these settings cannot be used:', ...problems.map(lineOf)].join('\n  '));
}

export function lineOf({ at, reason }: Problem): string {
  return `${at}: ${reason}`;
}
