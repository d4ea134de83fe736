import { VectorizerError } from '@vectorizer/client';
import { Failure } from '@vectorizer/errors';
import { processTerminal, type Terminal } from '@vectorizer/command-line';

/** One line for what was to be expected, and the stack as well for what was not; the process then ends with code 1. */
export function reportAndExit(error: unknown, terminal: Terminal = processTerminal): void {
  terminal.err(`vectorizer: ${describeError(error)}`);
  process.exitCode = 1;
}

/** What a person needs to know of an error. */
export function describeError(error: unknown): string {
  if (error instanceof VectorizerError && error.type === 'connection_failed') {
    const { code } = error.details;
    return `no answer from the server (${typeof code === 'string' ? code : error.message}); is it running? \`./vectorizer status\` tells`;
  }
  if (error instanceof VectorizerError || error instanceof Failure) return error.message;
  if (!(error instanceof Error)) return String(error);
  const expected = 'syscall' in error;
  return expected ? error.message : (error.stack ?? error.message);
}
