import { CommanderError } from 'commander';
import { VectorizerError } from '@vectorizer/client';
import { processTerminal } from '@vectorizer/command-line';
import { Failure } from '@vectorizer/errors';

const [FAILED, WRONG_USAGE, NO_ANSWER] = [1, 2, 4];
/** Some points of a file were refused, and the others written. */
export const PARTLY = 3;
export const EXIT_CODES =
  '0 done, 1 refused or failed, 2 wrong usage, 3 done but for some points (or a system that is not well), 4 no answer';

/** One line on stderr, or one object of JSON; with a stack only for what was not to be expected. */
export function reportAndExit(error: unknown, json: boolean): void {
  if (error instanceof CommanderError) {
    // It has said what is wrong, or shown the help that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
    return;
  }
  processTerminal.err(json ? JSON.stringify({ error: wireOf(error) }) : `vectorizer-client: ${textOf(error)}`);
  process.exitCode = error instanceof VectorizerError && error.status === 0 ? NO_ANSWER : FAILED;
}

function wireOf(error: unknown): object {
  if (error instanceof VectorizerError) {
    const { type, status, message, details, correlationId } = error;
    return { type, status, message, details, correlation_id: correlationId };
  }
  return { type: error instanceof Failure ? error.type : 'client_error', message: textOf(error) };
}

function textOf(error: unknown): string {
  if (error instanceof VectorizerError) {
    const { correlationId } = error;
    return `${error.message} (${error.type}${correlationId === undefined ? '' : `, ${correlationId}`})`;
  }
  if (error instanceof Failure || (error instanceof Error && 'syscall' in error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
