export { flagOf, variableOf } from './names.ts';
export { lineOf, readSettings, unusableSettings } from './read-settings.ts';
export { settingsReference } from './reference.ts';
export {
  resolveSettings,
  settingsFileIn,
  type Origin,
  type Resolved,
  type ResolveOptions,
  type Sources,
} from './resolve.ts';
export { defaultOf, services, type Service, type Setting } from './setting.ts';
export { showSettings, type ShownSetting } from './show.ts';
export { type Environment } from './sources/environment.ts';
export { fromFlags } from './sources/flags.ts';
export { flagNames, meaningOf, type Given, type Problem, type Source } from './sources/given.ts';
export { CONFIG_VARIABLE, otherVariableNames } from './table/other-variables.ts';
export { isReadBy, settingNames, settingOf, type SettingName, type SettingValues } from './table/table.ts';
