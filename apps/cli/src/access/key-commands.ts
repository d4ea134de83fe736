import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { VectorizerClient, type IssuedKey, type Key } from '@vectorizer/client';
import { limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { addServerFlags, serverOf, wholeNumber, type ServerFlags } from '../data/flags.ts';
import { processTerminal, type Terminal } from '../terminal.ts';

type IssueFlags = ServerFlags & { readonly out?: string };
type CreateFlags = IssueFlags & {
  readonly role: readonly string[];
  readonly collection?: readonly string[];
  readonly event?: readonly string[];
  readonly tier?: string;
  readonly expiresIn?: number;
};
type RotateFlags = IssueFlags & { readonly grace?: number };

/** `keys create | list | show | rotate | revoke`, through the public API. */
export function registerKeyCommands(program: Command): void {
  const keys = program.command('keys').description('who may use the database');
  registerCreate(keys);
  command(keys, 'list', 'every key, newest first').action(async (flags: ServerFlags) => {
    await asked(flags, async (client) => {
      for (const key of await client.keys.list()) processTerminal.out(lineOf(key));
    });
  });
  command(keys, 'show <id>', 'one key, as JSON').action(async (id: string, flags: ServerFlags) => {
    await asked(flags, async (client) => show(await client.keys.get(id), processTerminal));
  });
  issuing(command(keys, 'rotate <id>', 'replace a key'))
    .option('--grace <seconds>', 'how long the old one stays good', wholeNumber(0, limits.keyGraceSecondsMax), 300)
    .action(async (id: string, { grace, ...flags }: RotateFlags) => {
      await asked(flags, async (client) => handOver(await client.keys.rotate(id, grace), flags, processTerminal));
    });
  command(keys, 'revoke <id>', 'end a key, for good').action(async (id: string, flags: ServerFlags) => {
    await asked(flags, async (client) => show(await client.keys.revoke(id), processTerminal));
  });
}

function registerCreate(keys: Command): void {
  issuing(command(keys, 'create <name>', 'make a key; it is shown once'))
    .addOption(new Option('--role <role...>', 'viewer, editor, admin, or one that was made').makeOptionMandatory())
    .option('--collection <pattern...>', 'only for the collections that match, such as team-* (default: all)')
    .option('--event <pattern...>', 'for events that match, such as vectorizer.events.books.* (default: none)')
    .option('--tier <tier>', 'of its rate limits')
    .option('--expires-in <seconds>', 'from now', wholeNumber(1, limits.keyLifeSecondsMax))
    .action(async (name: string, flags: CreateFlags) => {
      await asked(flags, async (client) => {
        const { role, collection, event, tier, expiresIn } = flags;
        const issued = await client.keys.create({
          name,
          roles: role,
          ...(collection !== undefined && { collections: collection }),
          ...(event !== undefined && { events: event }),
          ...(tier !== undefined && { rate: { tier } }),
          ...(expiresIn !== undefined && { expires_in: expiresIn }),
        });
        await handOver(issued, flags, processTerminal);
      });
    });
}

function command(parent: Command, name: string, what: string): Command {
  return addServerFlags(parent.command(name).description(what));
}

function issuing(parent: Command): Command {
  return parent.option('--out <file>', 'write the key there, for its owner alone to read, and do not print it');
}

async function asked(flags: ServerFlags, ask: (client: VectorizerClient) => Promise<void>): Promise<void> {
  await using client = new VectorizerClient({ ...(await serverOf(flags)), connections: 1 });
  await ask(client);
}

/** The key goes to one place, and the rest to the terminal. */
async function handOver({ key, ...view }: IssuedKey, { out }: IssueFlags, terminal: Terminal): Promise<void> {
  show(view, terminal);
  if (out === undefined) return terminal.out(key);
  try {
    await writeFile(out, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const way = `the key cannot be written to ${out}; it is lost: ./vectorizer keys rotate ${view.id}`;
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
