import { Command } from 'commander';
import { registerEventCommands, registerKeyCommands } from '@vectorizer/command-line';
import { registerCollections } from './collections.ts';
import { EXIT_CODES } from './exit.ts';
import { registerExport } from './export.ts';
import { registerFollowing } from './following.ts';
import { registerPoints } from './points.ts';
import { registerSearch } from './search.ts';
import { server } from './server.ts';
import { registerSnapshots } from './snapshots.ts';
import { registerSystem } from './system.ts';
import { registerUpsert } from './upsert.ts';

/** Every command, each through the public API of a gateway that may be anywhere. */
export function program(): Command {
  const all = new Command('vectorizer-client')
    .description('asks a Vectorizer over the network')
    .addHelpText('after', `\nExit codes: ${EXIT_CODES}`)
    .exitOverride();
  registerCollections(all);
  registerUpsert(all);
  registerPoints(all);
  registerSearch(all);
  registerExport(all);
  registerFollowing(all);
  registerSnapshots(all);
  registerSystem(all);
  registerKeyCommands(all, server);
  registerEventCommands(all, server);
  inherit(all);
  return all;
}

/** Wrong usage of any command is thrown, so that it has one exit code. */
function inherit(command: Command): void {
  for (const each of command.commands) {
    each.exitOverride();
    inherit(each);
  }
}
