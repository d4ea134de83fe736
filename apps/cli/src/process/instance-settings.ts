import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  CONFIG_VARIABLE,
  lineOf,
  meaningOf,
  otherVariableNames,
  resolveSettings,
  settingsFileIn,
  unusableSettings,
  variableOf,
  type Environment,
  type Given,
  type Problem,
  type Service,
  type SettingName,
  type SettingValues,
} from '@vectorizer/settings';
import { settingsIn } from '../config/setting-flags.ts';
import type { UpOptions } from './up.ts';

/** What an instance decides for its processes, so that they find each other. */
const DECIDED: Partial<Record<SettingName, string>> = {
  data: 'the directory of an instance is named by --data',
  nats_url: 'an instance starts its log servers itself; services that are to use others are started one by one',
  nats_monitor_url: 'an instance starts its log servers itself',
  log_replicas: 'an instance keeps each log on all its log servers',
  redis_url: 'an instance starts Redis itself; services that are to use another are started one by one',
  redis_password: 'an instance starts Redis itself',
  tls_ca_file: 'the certificates of an instance are named by --certs',
  tls_cert_file: 'the certificates of an instance are named by --certs',
  callout_seed_file: 'the certificates of an instance are named by --certs',
  revoker_cert_file: 'the certificates of an instance are named by --certs',
  revoker_key_file: 'the certificates of an instance are named by --certs',
  known_producers: 'an instance with certificates knows its producers',
  tls_key_file: 'the certificates of an instance are named by --certs',
};

/** Whether `up` takes a setting as a flag; it has some by another name. */
export function isForInstance(name: string): boolean {
  const meaning = meaningOf(name);
  return meaning !== undefined && DECIDED[meaning.name] === undefined;
}

export type InstanceSettings = {
  /** Of the process that clients come to. */
  readonly edge: SettingValues;
  /** Whether somebody has said so, or it is the default. */
  readonly isSet: (name: SettingName) => boolean;
  /** What the processes are given, beside what the instance decides. */
  readonly handedOn: Readonly<Record<string, string>>;
};

const SERVICES: Readonly<Record<UpOptions['mode'], readonly Service[]>> = {
  standalone: ['standalone'],
  cluster: ['gateway', 'ingest', 'query', 'index', 'replication-monitor'],
};

/** What is set for an instance. Throws one failure that tells all problems, of every service that is to be started. */
export function readInstanceSettings(
  mode: UpOptions['mode'],
  command: Command,
  environment: Environment,
): InstanceSettings {
  const file = settingsFileIn(command.getOptionValue('config') as string | undefined, environment);
  const flags = settingsIn(command, isForInstance);
  const problems = new Map<string, Problem>();
  const [edge, ...others] = SERVICES[mode].map((service) => {
    const resolved = resolveSettings(service, { file, environment, flags }, { complete: false });
    const decided = Object.entries(DECIDED).flatMap(([name, reason]) => {
      const at = resolved.origins.get(name as SettingName)?.at;
      return at === undefined ? [] : [{ at, reason: `${name} cannot be set here: ${reason}` }];
    });
    for (const problem of [...resolved.problems, ...decided]) problems.set(lineOf(problem), problem);
    return resolved;
  });
  if (problems.size > 0) throw unusableSettings([...problems.values()]);
  if (edge === undefined) throw new TypeError(`${others.length + 1} services`);
  return {
    edge: edge.values,
    isSet: (name) => edge.origins.get(name)?.at !== undefined,
    handedOn: { ...variablesFor(environment), ...fileFor(file), ...variablesOf(flags.given) },
  };
}

/** As in a container: each service reads what concerns it. */
const FOR_SERVICES = /^(VECTORIZER|OTEL)_/;

function variablesFor(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]): [string, string][] =>
      FOR_SERVICES.test(name) && !otherVariableNames.includes(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function fileFor(file: string | undefined): Record<string, string> {
  return file === undefined ? {} : { [CONFIG_VARIABLE]: resolve(file) };
}

function variablesOf(given: readonly Given[]): Record<string, string> {
  return Object.fromEntries(given.map(({ at, text }) => [variableOf(at.slice(2).replaceAll('-', '_')), text] as const));
}
