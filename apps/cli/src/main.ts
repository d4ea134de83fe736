import { commandLine } from './command-line.ts';
import { reportAndExit } from './report-and-exit.ts';

try {
  await commandLine(process.env).parseAsync();
} catch (error) {
  reportAndExit(error);
}
