import { Option, type Command } from 'commander';
import {
  lineOf,
  resolveSettings,
  services,
  settingsFileIn,
  settingsReference,
  showSettings,
  unusableSettings,
  type Environment,
  type Problem,
  type Service,
  type ShownSetting,
} from '@vectorizer/settings';
import { processTerminal } from '@vectorizer/command-line';
import { addSettingFlags, settingsIn } from './setting-flags.ts';

/** A longer value pushes aside what is beside it. */
const VALUE_WIDTH_MAX = 48;

type CheckFlags = { readonly service?: Service; readonly files: boolean };
type ShowFlags = { readonly service: Service; readonly json?: boolean; readonly config?: string };

/** What is set, whether it can be used, and what can be set: nothing is started, and no server asked. */
export function registerConfigCommands(program: Command, environment: Environment): void {
  const config = program.command('config').description('what is set, and whether it can be used');
  config
    .command('check')
    .description('every problem of a settings file and of the environment, each with its place')
    .argument('[file]', 'settings file (default: what VECTORIZER_CONFIG names)')
    .addOption(serviceOption('as this service would read them, with all that it needs (default: as every one)'))
    .option('--no-files', 'do not look into the files that secrets are in')
    .action((file: string | undefined, flags: CheckFlags) =>
      check(settingsFileIn(file, environment), environment, flags),
    );
  addSettingFlags(
    config
      .command('show')
      .description('what a service would do, and who said so; secrets are hidden')
      .argument('[file]', 'settings file, as --config')
      .addOption(serviceOption('whose settings').default('standalone'))
      .option('--json', 'one JSON object'),
  ).action((file: string | undefined, flags: ShowFlags, command: Command) =>
    show(file ?? flags.config, environment, { ...flags, command }),
  );
  config
    .command('reference')
    .description('every setting that there is, as docs/SETTINGS.md')
    .action(() => void process.stdout.write(settingsReference()));
}

function serviceOption(what: string): Option {
  return new Option('--service <name>', what).choices(services);
}

function check(file: string | undefined, environment: Environment, { service, files }: CheckFlags): void {
  const options = { complete: service !== undefined, readSecrets: files };
  const read = service === undefined ? services : [service];
  const problems = new Map<string, Problem>();
  for (const each of read) {
    for (const problem of resolveSettings(each, { file, environment }, options).problems) {
      problems.set(lineOf(problem), problem);
    }
  }
  for (const line of problems.keys()) processTerminal.out(line);
  if (problems.size > 0) process.exitCode = 1;
  const what = file === undefined ? 'the environment' : `${file} and the environment`;
  processTerminal.err(
    problems.size === 0 ? `${what} can be used` : `${what}: ${problems.size} problem${problems.size === 1 ? '' : 's'}`,
  );
}

function show(
  file: string | undefined,
  environment: Environment,
  flags: ShowFlags & { readonly command: Command },
): void {
  const { service, json, command } = flags;
  const resolved = resolveSettings(
    service,
    { file, environment, flags: settingsIn(command) },
    { complete: false, readSecrets: false },
  );
  if (resolved.problems.length > 0) throw unusableSettings(resolved.problems);
  const shown = showSettings(service, resolved);
  processTerminal.out(json === true ? JSON.stringify({ service, settings: shown }) : tableOf(shown));
}

function tableOf(shown: readonly ShownSetting[]): string {
  const names = Math.max(...shown.map(({ name }) => name.length));
  const values = Math.min(Math.max(...shown.map((each) => valueOf(each).length)), VALUE_WIDTH_MAX);
  return shown.map((each) => `${each.name.padEnd(names)}  ${valueOf(each).padEnd(values)}  ${each.from}`).join('\n');
}

function valueOf({ value }: ShownSetting): string {
  return value ?? '–';
}
