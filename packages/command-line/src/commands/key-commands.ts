import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { IssuedKey, Key, NewKeyInput, VectorizerClient } from '@vectorizer/client';
import { limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { wholeNumber, type Connector } from '../flags.ts';
import { processTerminal, type Terminal } from '../terminal.ts';

type IssueFlags = { readonly out?: string };
type CreateFlags = IssueFlags & {
  readonly role: readonly string[];
  readonly collection?: readonly string[];
  readonly event?: readonly string[];
  readonly tier?: string;
  readonly expiresIn?: number;
};
type RotateFlags = IssueFlags & { readonly grace?: number };

/** `keys create | list | show | rotate | revoke`, through the public API. Answers `keys`, to which others may be added. */
export function registerKeyCommands(program: Command, server: Connector): Command {
  const keys = program.command('keys').description('who may use the database');
  const command = (name: string, what: string): Command => server.addFlags(keys.command(name).description(what));
  const ask = async (options: object, act: (client: VectorizerClient) => Promise<void>): Promise<void> => {
    await using client = await server.connect(options);
    await act(client);
  };
  creating(command('create <name>', 'make a key; it is shown once')).action(async (name: string, flags: CreateFlags) =>
    ask(flags, async (client) => handOver(await client.keys.create(keyOf(name, flags)), flags, processTerminal)),
  );
  command('list', 'every key, newest first')
    .option('--json', 'one JSON object each')
    .action(async (flags: { readonly json?: boolean }) =>
      ask(flags, async (client) => {
        for (const key of await client.keys.list())
          processTerminal.out(flags.json === true ? JSON.stringify(key) : lineOf(key));
      }),
    );
  command('show <id>', 'one key, as JSON').action(async (id: string, flags: object) =>
    ask(flags, async (client) => show(await client.keys.get(id), processTerminal)),
  );
  issuing(command('rotate <id>', 'replace a key'))
    .option('--grace <seconds>', 'how long the old one stays good', wholeNumber(0, limits.keyGraceSecondsMax), 300)
    .action(async (id: string, flags: RotateFlags) =>
      ask(flags, async (client) => handOver(await client.keys.rotate(id, flags.grace), flags, processTerminal)),
    );
  command('revoke <id>', 'end a key, for good').action(async (id: string, flags: object) =>
    ask(flags, async (client) => show(await client.keys.revoke(id), processTerminal)),
  );
  return keys;
}

function creating(command: Command): Command {
  return issuing(command)
    .addOption(new Option('--role <role...>', 'viewer, editor, admin, or one that was made').makeOptionMandatory())
    .option('--collection <pattern...>', 'only for the collections that match, such as team-* (default: all)')
    .option('--event <pattern...>', 'for events that match, such as vectorizer.events.books.* (default: none)')
    .option('--tier <tier>', 'of its rate limits')
    .option('--expires-in <seconds>', 'from now', wholeNumber(1, limits.keyLifeSecondsMax));
}

function keyOf(name: string, { role, collection, event, tier, expiresIn }: CreateFlags): NewKeyInput {
  return {
    name,
    roles: role,
    collections: collection,
    events: event,
    ...(tier !== undefined && { rate: { tier } }),
    expires_in: expiresIn,
  };
}

function issuing(command: Command): Command {
  return command.option('--out <file>', 'write the key there, for its owner alone to read, and do not print it');
}

/** The key goes to one place, and the rest to the terminal. */
async function handOver({ key, ...view }: IssuedKey, { out }: IssueFlags, terminal: Terminal): Promise<void> {
  show(view, terminal);
  if (out === undefined) return terminal.out(key);
  try {
    await writeFile(out, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const way = `the key cannot be written to ${out}; it is lost: rotate ${view.id}`;
    throw new Failure('storage_error', way, { cause });
  }
}

function show(key: Key, terminal: Terminal): void {
  terminal.out(JSON.stringify(key, undefined, 2));
}

function lineOf({ id, name, roles, collections, active, usage }: Key): string {
  const state = active ? 'good' : 'ended';
  return [id, state, roles.join(','), collections.join(','), usage.last_used_at ?? 'never used', name].join('  ');
}
