import { InvalidArgumentError, type Command } from 'commander';
import type { DeadLetterSummary, VectorizerClient } from '@vectorizer/client';
import type { Connector } from '../flags.ts';
import { processTerminal } from '../terminal.ts';

/** `events dead-letters list | show | retry | drop`, through the public API. */
export function registerEventCommands(program: Command, server: Connector): void {
  const events = program.command('events').description('what producers publish to NATS');
  const letters = events.command('dead-letters').description('events that were refused');
  server
    .addFlags(letters.command('list').description('every dead letter, oldest first'))
    .option('--json', 'one JSON object each')
    .action(async (flags: { readonly json?: boolean }) => {
      await using client = await server.connect(flags);
      for await (const letter of client.events.deadLetters())
        processTerminal.out(flags.json === true ? JSON.stringify(letter) : lineOf(letter));
    });
  const one = (name: string, what: string, act: Act): void => {
    const command = letters.command(name).argument('<sequence>', 'of the dead letter', sequenceOf).description(what);
    server.addFlags(command).action(async (sequence: number, flags: object) => {
      await using client = await server.connect(flags);
      processTerminal.out(await act(client, sequence));
    });
  };
  one('show', 'one dead letter, as JSON', async (client, sequence) =>
    JSON.stringify(await client.events.deadLetter(sequence), undefined, 2),
  );
  one('retry', 'publish the event again', async (client, sequence) => {
    return `published again as event ${await client.events.retry(sequence)}`;
  });
  one('drop', 'forget the event, for good', async (client, sequence) => {
    await client.events.drop(sequence);
    return `dropped ${sequence}`;
  });
}

type Act = (client: VectorizerClient, sequence: number) => Promise<string>;

function sequenceOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 on.');
}

function lineOf({ sequence, at, error, event }: DeadLetterSummary): string {
  return [sequence, at, event.subject, error.type, error.message].join('  ');
}
