import { resolve } from 'node:path';
import type { Command } from 'commander';
import { sendOrder, type Order } from './control.ts';
import { dataOption } from './data-option.ts';

const VERBS: readonly (readonly [Order['verb'], string])[] = [
  ['kill', 'end a process with SIGKILL; it is started again a second later'],
  ['pause', 'stop a process (SIGSTOP); it keeps its connections and answers nothing'],
  ['resume', 'let a paused process go on'],
  ['start', 'start a process that is held, or waits to be started again'],
  ['cut', 'let nothing through the connections of a process any more (needs up --faults)'],
  ['mend', 'let it through again'],
];

/** What a cluster must survive, done to one of its processes. Names are those of `cluster status`. */
export function registerFaultCommands(cluster: Command): void {
  for (const [verb, description] of VERBS) {
    const command = cluster.command(verb).argument('<name>', 'as in index-1').description(description);
    if (verb === 'kill') command.option('--hold', 'do not start it again until `cluster start`');
    command.addOption(dataOption()).action(async (name: string, flags: { data: string; hold?: boolean }) => {
      const done = await sendOrder(resolve(flags.data), { verb, name, hold: flags.hold ?? false });
      process.stdout.write(`${done}\n`);
    });
  }
}
