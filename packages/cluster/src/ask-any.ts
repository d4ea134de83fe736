import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '@vectorizer/errors';
import { deadlineExceeded } from './bus-failures.ts';
import { SILENT_MS } from './presence.ts';
import type { ServiceDirectory } from './service-directory.ts';

/** Between two looks whether those that were asked are still there. */
const LOOK_MS = 100;
/** A call is with so many at once at most: the one that fell silent, and one after it that did as well. */
const ASKED_AT_ONCE_MAX = 3;
/** Calls that are as good as lost, whose answers are still taken. */
const LOST_MAX = 8;
/** Before the same few are tried again. */
const PAUSE_MS = 50;
/** Processes start again, and connect to another server, within this; then nobody is there. */
const NOBODY_MS_MAX = 5_000;
/** Whoever is chosen by the log server, before any process was heard. */
const ANYBODY = '';

/** It was not worked on, or nobody will hear the answer: another may be asked. */
export class AskElsewhere extends Error {
  readonly failure: Failure;
  /** The process that was asked is not there. */
  readonly gone: boolean;

  constructor(failure: Failure, gone = false) {
    super(failure.message);
    this.failure = failure;
    this.gone = gone;
  }
}

export type Question<Answer> = {
  readonly name: string;
  readonly deadline: number;
  readonly directory: ServiceDirectory;
  /** Asks an instance, or any when it is undefined. Throws AskElsewhere where another may be asked. */
  readonly ask: (instance: string | undefined) => Promise<Answer>;
};

/** One asking of one process, or of anybody. */
type Attempt<Answer> = {
  readonly instance: string;
  /** The connection of the process when it was asked. */
  readonly life: number | undefined;
  readonly outcome: Promise<Outcome<Answer>>;
};
type Outcome<Answer> = { readonly answer: Answer } | { readonly error: unknown };
type Ended<Answer> = { readonly attempt: Attempt<Answer>; readonly outcome: Outcome<Answer> };

/**
 * Asks one of the processes that serve a procedure; another one when that is gone, or falls silent while it works. So a
 * process that was killed or paused costs its callers about a second, and a slow one nothing: it is not asked twice. One
 * that has connected anew lives, but what was sent to its old connection may be lost: it may be asked once more.
 */
export async function askAny<Answer>(question: Question<Answer>): Promise<Answer> {
  const { deadline, name } = question;
  const nobodyAt = Math.min(deadline, Date.now() + NOBODY_MS_MAX);
  const attempts = new Attempts(question);
  for (;;) {
    if (attempts.allAreDoubtful) attempts.begin();
    const ended = await attempts.firstEnded();
    if (ended === undefined) {
      if (Date.now() > deadline + LOOK_MS) throw deadlineExceeded(name);
      continue;
    }
    const wasLost = attempts.end(ended.attempt);
    const { outcome } = ended;
    if ('answer' in outcome) return outcome.answer;
    if (wasLost) continue;
    if (!(outcome.error instanceof AskElsewhere)) throw outcome.error;
    if (attempts.refuse(ended.attempt)) continue;
    if (Date.now() + PAUSE_MS > nobodyAt) throw outcome.error.failure;
    await sleep(PAUSE_MS);
    attempts.forgive();
  }
}

/** Those of one call. */
class Attempts<Answer> {
  readonly #question: Question<Answer>;
  /** At most one to a process. */
  readonly #current = new Map<string, Attempt<Answer>>();
  /** Sent to connections that are no more; should one answer all the same, that is as good. */
  readonly #lost = new Set<Attempt<Answer>>();
  readonly #refused = new Set<string>();
  #begunAtMs = 0;

  constructor(question: Question<Answer>) {
    this.#question = question;
  }

  /** Also when there is none. */
  get allAreDoubtful(): boolean {
    return [...this.#current.values()].every((attempt) => this.#isDoubtful(attempt));
  }

  /** Asks one more, where there is one to ask. */
  begin(): void {
    for (const attempt of this.#current.values()) {
      if (this.#lost.size >= LOST_MAX || !this.#isLost(attempt)) continue;
      this.#current.delete(attempt.instance);
      this.#lost.add(attempt);
    }
    const instance = this.#current.size < ASKED_AT_ONCE_MAX ? this.#choose() : undefined;
    if (instance === undefined) return;
    this.#begunAtMs = performance.now();
    const life = this.#question.directory.lifeOf(instance);
    this.#current.set(instance, { instance, life, outcome: ask(this.#question, instance) });
  }

  /** Undefined when it is time to look around. */
  async firstEnded(): Promise<Ended<Answer> | undefined> {
    const { promise: look, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, LOOK_MS, undefined);
    const running = [...this.#current.values(), ...this.#lost].map(async (attempt) => {
      return { attempt, outcome: await attempt.outcome };
    });
    try {
      return await Promise.race([...running, look]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether it had been given up. */
  end(attempt: Attempt<Answer>): boolean {
    if (this.#lost.delete(attempt)) return true;
    this.#current.delete(attempt.instance);
    return false;
  }

  /** It does not want the call. Answers whether another is being asked, or can be. */
  refuse({ instance }: Attempt<Answer>): boolean {
    const { directory, name } = this.#question;
    const another = directory.choose(name, this.#refused.add(instance)) !== undefined;
    return this.#current.size > 0 || another;
  }

  /** Those that did not want the call are asked again. */
  forgive(): void {
    this.#refused.clear();
  }

  #isDoubtful(attempt: Attempt<Answer>): boolean {
    const { instance } = attempt;
    if (instance === ANYBODY) return performance.now() - this.#begunAtMs > SILENT_MS;
    return this.#question.directory.isSilent(instance) || this.#isLost(attempt);
  }

  #isLost({ instance, life }: Attempt<Answer>): boolean {
    const { directory } = this.#question;
    return instance !== ANYBODY && !directory.isSilent(instance) && directory.lifeOf(instance) !== life;
  }

  /** Undefined when all that are known are being asked. */
  #choose(): string | undefined {
    const { directory, name } = this.#question;
    const fresh = directory.choose(name, new Set([...this.#current.keys(), ...this.#refused]));
    if (fresh !== undefined) return fresh;
    return this.#current.has(ANYBODY) ? undefined : ANYBODY;
  }
}

/** Never rejects. */
async function ask<Answer>({ ask: put, directory }: Question<Answer>, instance: string): Promise<Outcome<Answer>> {
  directory.began(instance);
  try {
    return { answer: await put(instance === ANYBODY ? undefined : instance) };
  } catch (error) {
    if (error instanceof AskElsewhere && error.gone) directory.forget(instance);
    return { error };
  } finally {
    directory.ended(instance);
  }
}
