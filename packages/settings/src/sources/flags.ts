import { parseArgs } from 'node:util';
import { fileNameOf, flagOf, variableOf } from '../names.ts';
import { suggestion } from '../suggest.ts';
import { isSettingName } from '../table/table.ts';
import { flagNames, isSecret, meaningOf, type Given, type Problem, type Source } from './given.ts';

const CONFIG = 'config';
const known = [...flagNames, CONFIG].map(flagOf);
const options = Object.fromEntries(
  [...flagNames, CONFIG].map((name) => [flagOf(name).slice(2), { type: 'string' }] as const),
);

export type Flags = Source & {
  /** Where the settings file is, if that was said. */
  readonly config: string | undefined;
};

/** Of a service's command line: each setting as a flag with a value, and `--config`. */
export function fromFlags(args: readonly string[]): Flags {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given: Given[] = [];
  const problems: Problem[] = [];
  let config: string | undefined;
  // What follows a flag that is not known is its value, and may be a secret.
  let isValueOfUnknown = false;
  for (const token of tokens) {
    const isValue = isValueOfUnknown && token.kind === 'positional';
    isValueOfUnknown = false;
    if (isValue || token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      problems.push({ at: token.value, reason: 'expected flags such as --port 15002' });
      continue;
    }
    const { rawName: at, value: text } = token;
    const name = token.name.replaceAll('-', '_');
    const meaning = flagNames.includes(name) ? meaningOf(name) : undefined;
    if (meaning === undefined && token.name !== CONFIG) {
      problems.push({ at, reason: whyNone(name, at) });
      isValueOfUnknown = text === undefined;
    } else if (text === undefined) {
      problems.push({ at, reason: 'needs a value' });
    } else if (meaning === undefined) {
      config = text;
    } else {
      given.push({ ...meaning, text, at });
    }
  }
  return { given, problems, config };
}

function whyNone(name: string, flag: string): string {
  if (!isSettingName(name)) return `no flag has this name${suggestion(flag, known)}`;
  if (isSecret(name)) return `flags can be seen by everybody on the machine; use ${flagOf(fileNameOf(name))}`;
  return `can only be set in the environment, as ${variableOf(name)}`;
}
