import { Command } from 'commander';
import { registerAuditCommands } from './access/audit-commands.ts';
import { registerKeyCommands } from './access/key-commands.ts';
import { registerCertificates } from './certs/command.ts';
import { registerDemo } from './data/demo.ts';
import { registerLoad } from './data/load.ts';
import { registerRecall } from './data/recall.ts';
import { registerLogs } from './logs/logs.ts';
import { registerConfigCommands } from './config/config-commands.ts';
import { registerPlan } from './plan/command.ts';
import { registerProcessCommands } from './process/commands.ts';
import { registerEventCommands } from './events/event-commands.ts';

/** Every command. `environment` is what they start services with. */
export function commandLine(environment: Readonly<Record<string, string | undefined>>): Command {
  const program = new Command('vectorizer').description('a replicated vector database around one write log');
  registerProcessCommands(program, environment);
  registerConfigCommands(program, environment);
  registerPlan(program);
  registerLoad(program);
  registerRecall(program);
  registerDemo(program);
  registerKeyCommands(program);
  registerEventCommands(program);
  registerCertificates(program);
  registerLogs(program);
  registerAuditCommands(program);
  return program;
}
