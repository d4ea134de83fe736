import { Option, type Command } from 'commander';
import { flagNames, flagOf, meaningOf, settingOf, type Given, type Source } from '@vectorizer/settings';

type Takes = (name: string) => boolean;

const GROUP = 'Settings (docs/SETTINGS.md):';

/** Gives a command a flag for each setting that it takes, and `--config`. */
export function addSettingFlags(command: Command, takes: Takes = () => true): Command {
  command.option('--config <file>', 'settings file (default: what VECTORIZER_CONFIG names)');
  for (const name of flagNames.filter((each) => takes(each))) {
    const { name: about, inFile } = meaningOf(name) ?? {};
    if (about === undefined) continue;
    const what = inFile === true ? `the path of the file that ${about} is in` : settingOf(about).type.expected;
    command.addOption(new Option(`${flagOf(name)} <value>`, what.replaceAll('`', '')).helpGroup(GROUP));
  }
  return command;
}

/** What a command's flags say of the settings that it takes, as a service's own would. */
export function settingsIn(command: Command, takes: Takes = () => true): Source {
  const given = flagNames.flatMap((name): Given[] => {
    if (!takes(name)) return [];
    const flag = flagOf(name);
    const option = command.options.find(({ long }) => long === flag);
    const meaning = meaningOf(name);
    if (option === undefined || meaning === undefined) return [];
    const text = command.getOptionValue(option.attributeName()) as string | number | undefined;
    return text === undefined ? [] : [{ ...meaning, text: String(text), at: flag }];
  });
  return { given, problems: [] };
}
