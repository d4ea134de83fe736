import { InvalidArgumentError, type Command } from 'commander';
import { VectorizerClient, type DeadLetterSummary } from '@vectorizer/client';
import { addServerFlags, serverOf, type ServerFlags } from '../data/flags.ts';
import { processTerminal } from '../terminal.ts';

/** `events dead-letters list | show | retry | drop`, through the public API. */
export function registerEventCommands(program: Command): void {
  const events = program.command('events').description('what producers publish to NATS');
  const letters = events.command('dead-letters').description('events that were refused');
  addServerFlags(letters.command('list').description('every dead letter, oldest first')).action(
    async (flags: ServerFlags) => {
      await asked(flags, async (client) => {
        for await (const letter of client.events.deadLetters()) processTerminal.out(lineOf(letter));
      });
    },
  );
  const one = (name: string, what: string): Command =>
    letters.command(name).argument('<sequence>', 'of the dead letter', sequenceOf).description(what);
  actOn(one('show', 'one dead letter, as JSON'), async (client, sequence) =>
    JSON.stringify(await client.events.deadLetter(sequence), undefined, 2),
  );
  actOn(one('retry', 'publish the event again'), async (client, sequence) => {
    return `published again as event ${await client.events.retry(sequence)}`;
  });
  actOn(one('drop', 'forget the event, for good'), async (client, sequence) => {
    await client.events.drop(sequence);
    return `dropped ${sequence}`;
  });
}

function actOn(command: Command, act: (client: VectorizerClient, sequence: number) => Promise<string>): void {
  addServerFlags(command).action(async (sequence: number, flags: ServerFlags) => {
    await asked(flags, async (client) => processTerminal.out(await act(client, sequence)));
  });
}

async function asked(flags: ServerFlags, ask: (client: VectorizerClient) => Promise<void>): Promise<void> {
  await using client = new VectorizerClient({ ...(await serverOf(flags)), connections: 1 });
  await ask(client);
}

function sequenceOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 on.');
}

function lineOf({ sequence, at, error, event }: DeadLetterSummary): string {
  return [sequence, at, event.subject, error.type, error.message].join('  ');
}
