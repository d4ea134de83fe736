import { Failure } from '@vectorizer/errors';

/** What is wrong with a file, or with what was said about it. */
export function badFile(path: string, problem: string): Failure {
  return new Failure('validation_error', `${path}: ${problem}`);
}
