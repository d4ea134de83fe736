import { InvalidArgumentError, type Command } from 'commander';
import { VectorizerClient } from '@vectorizer/client';
import type { AuditHead } from '@vectorizer/contracts';
import { wholeNumber } from '@vectorizer/command-line';
import { addServerFlags, serverOf, type ServerFlags } from '../data/flags.ts';
import { processTerminal } from '@vectorizer/command-line';
import { verifyAudit } from './verify-audit.ts';

type ListFlags = ServerFlags & { readonly actor?: string; readonly action?: string; readonly limit: number };
type VerifyFlags = ServerFlags & { readonly known?: AuditHead };

/** `audit list | verify`, through the public API. */
export function registerAuditCommands(program: Command): void {
  const audit = program.command('audit').description('who did what');
  addServerFlags(audit.command('list').description('the newest entries, one JSON object each'))
    .option('--actor <actor>', 'such as key:ID')
    .option('--action <action>', 'such as vectors.upsert')
    .option('--limit <entries>', 'at most', wholeNumber(1, 1_000), 100)
    .action(async ({ actor, action, limit, ...flags }: ListFlags) => {
      await using client = new VectorizerClient({ ...(await serverOf(flags)), connections: 1 });
      const { entries } = await client.audit.find({ limit, actor, action });
      for (const entry of entries) processTerminal.out(JSON.stringify(entry));
    });
  addServerFlags(audit.command('verify').description('see that nothing was removed, changed or moved'))
    .option('--known <sequence:hash>', 'where an earlier look said that it ended', headIn)
    .action(async ({ known, ...flags }: VerifyFlags) => {
      await using client = new VectorizerClient({ ...(await serverOf(flags)), connections: 1 });
      const chain = async (after: number): ReturnType<typeof client.audit.chain> => client.audit.chain(after);
      const { messages, entries, head, faults, untold } = await verifyAudit(chain, { known, nowMs: Date.now() });
      for (const fault of faults) processTerminal.out(fault);
      for (const { at, actor, action, target } of untold)
        processTerminal.out(`begun, and not told what came of it: ${at} ${actor} ${action} ${target}`);
      processTerminal.out(`${messages} messages with ${entries} entries, ${faults.length} faults`);
      processTerminal.out(`it ends at ${head.sequence}:${head.hash}`);
      if (faults.length > 0) process.exitCode = 1;
    });
}

function headIn(text: string): AuditHead {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) throw new InvalidArgumentError('such as 12:5f3a…');
  return { sequence: Number(sequence), hash };
}
