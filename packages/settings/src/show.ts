import type { Resolved } from './resolve.ts';
import type { Service } from './setting.ts';
import { isReadBy, settingNames, settingOf, type SettingName } from './table/table.ts';

export type ShownSetting = {
  readonly name: SettingName;
  /** `null` where it is unset. Of a secret, what may be seen. */
  readonly value: string | null;
  /** Where it was set: `default`, `settings.yaml:3`, a variable, a flag. */
  readonly from: string;
};

const HIDDEN = '(hidden)';

/** What a service does with its settings, and why. */
export function showSettings(service: Service, { origins }: Resolved): ShownSetting[] {
  return settingNames
    .filter((name) => isReadBy(name, service))
    .map((name) => {
      const { text, at = 'default', inFile = false } = origins.get(name) ?? {};
      if (text === undefined) return { name, value: null, from: at };
      return inFile ? { name, value: HIDDEN, from: `${text}, by ${at}` } : { name, value: shown(name, text), from: at };
    });
}

function shown(name: SettingName, text: string): string {
  const { secret } = settingOf(name);
  if (secret === 'value') return HIDDEN;
  return secret === 'credentials' ? text.replace(/\/\/[^/@]*@/, `//${HIDDEN}@`) : text;
}
