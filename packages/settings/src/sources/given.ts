import { fileNameOf } from '../names.ts';
import { isSettingName, settingNames, settingOf, type SettingName } from '../table/table.ts';

/** Something that was said of a setting, and where. */
export type Given = {
  readonly name: SettingName;
  /** As a variable would have it. */
  readonly text: string;
  /** The text is the path of a file, and the value is in there. */
  readonly inFile: boolean;
  /** For a person: `settings.yaml:3`, `VECTORIZER_PORT`, `--port`. */
  readonly at: string;
};

/** Something that cannot be used. Never tells a secret's value. */
export type Problem = { readonly at: string; readonly reason: string };

export type Source = { readonly given: readonly Given[]; readonly problems: readonly Problem[] };

/** What a name stands for: a setting, or the file that a secret is in. */
export function meaningOf(name: string): Pick<Given, 'name' | 'inFile'> | undefined {
  if (isSettingName(name)) return { name, inFile: false };
  const secret = settingNames.find((each) => isSecret(each) && fileNameOf(each) === name);
  return secret === undefined ? undefined : { name: secret, inFile: true };
}

export function isSecret(name: SettingName): boolean {
  return settingOf(name).secret !== undefined;
}

/** Every name that means something. */
export const knownNames: readonly string[] = settingNames.flatMap((name) =>
  isSecret(name) ? [name, fileNameOf(name)] : [name],
);

/** Flags of a process can be seen by everybody on its machine, and a few are read too early for anything but a variable. */
export const flagNames: readonly string[] = knownNames.filter((known) => {
  const { name, inFile } = meaningOf(known) ?? {};
  if (name === undefined) return false;
  const { secret, onlyVariable } = settingOf(name);
  return onlyVariable !== true && (secret !== 'value' || inFile === true);
});
