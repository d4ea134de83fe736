#!/usr/bin/env node
import { program } from './program.ts';
import { reportAndExit } from './exit.ts';

try {
  await program().parseAsync();
} catch (error) {
  reportAndExit(error, process.argv.includes('--json'));
}
