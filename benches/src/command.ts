import { AssertionError } from 'node:assert/strict';
import { inspect } from 'node:util';

/** What was asked for. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What goes on meanwhile. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs a command to its exit code; what keeps it from its end is one line, and code 2. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    // Where it came from matters only if the program is wrong.
    const known = error instanceof Error && !(error instanceof AssertionError);
    tell(`vectorizer: ${known ? error.message : inspect(error)}`);
    process.exitCode = 2;
  }
}
