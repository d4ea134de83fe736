import { Command } from 'commander';
import { registerEventCommands, registerKeyCommands } from '@vectorizer/command-line';
import { registerAuditCommands } from './access/audit-commands.ts';
import { registerRecovery } from './access/recover-command.ts';
import { registerCertificates } from './certs/command.ts';
import { instance } from './data/flags.ts';
import { registerDemo } from './data/demo.ts';
import { registerLoad } from './data/load.ts';
import { registerRecall } from './data/recall.ts';
import { registerLogs } from './logs/logs.ts';
import { registerConfigCommands } from './config/config-commands.ts';
import { registerPlan } from './plan/command.ts';
import { registerProcessCommands } from './process/commands.ts';

/** Every command. `environment` is what they start services with. */
export function commandLine(environment: Readonly<Record<string, string | undefined>>): Command {
  const program = new Command('vectorizer').description('a replicated vector database around one write log');
  registerProcessCommands(program, environment);
  registerConfigCommands(program, environment);
  registerPlan(program);
  registerLoad(program);
  registerRecall(program);
  registerDemo(program);
  registerRecovery(registerKeyCommands(program, instance));
  registerEventCommands(program, instance);
  registerCertificates(program);
  registerLogs(program);
  registerAuditCommands(program);
  return program;
}
