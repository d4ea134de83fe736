import type { AllAnswers } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** The answers of those that gave one. A refusal of the question itself, or a bug, is thrown: all would say the same. */
export async function gather<O>(calls: readonly Promise<O>[]): Promise<AllAnswers<O>> {
  const settled = await Promise.allSettled(calls);
  const answers = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [Failure.from(each.reason)] : []));
  const fault = failures.find(({ retryable }) => !retryable);
  if (fault !== undefined) throw fault;
  return { answers, unanswered: failures.length };
}
