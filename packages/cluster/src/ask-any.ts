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

type Settled<Answer> = { readonly instance: string; readonly turn: number } & (
  { readonly answer: Answer } | { readonly error: unknown }
);

/**
 * Asks one of the processes that serve a procedure; another one when that is gone, or falls silent while it works. So a
 * process that was killed or paused costs its callers about a second, and a slow one nothing: it is not asked twice. One
 * that has connected anew lives, but what was sent to its old connection may be lost: it may be asked once more.
 */
export async function askAny<Answer>(question: Question<Answer>): Promise<Answer> {
  const { directory, deadline, name } = question;
  const nobodyAt = Math.min(deadline, Date.now() + NOBODY_MS_MAX);
  const asked = new Map<string, Promise<Settled<Answer>>>();
  const lost = new Map<number, Promise<Settled<Answer>>>();
  const turns = new Map<string, number>();
  const lives = new Map<string, number | undefined>();
  const refused = new Set<string>();
  let askedAtMs = 0;
  let turn = 0;
  const isLost = (instance: string): boolean =>
    instance !== ANYBODY && !directory.isSilent(instance) && directory.lifeOf(instance) !== lives.get(instance);
  const isDoubtful = (instance: string): boolean =>
    instance === ANYBODY ? performance.now() - askedAtMs > SILENT_MS : directory.isSilent(instance) || isLost(instance);
  for (;;) {
    if ([...asked.keys()].every(isDoubtful)) {
      for (const [instance, answer] of asked) {
        if (lost.size >= LOST_MAX || !isLost(instance)) continue;
        asked.delete(instance);
        lost.set(turns.get(instance) ?? 0, answer);
      }
      const instance = asked.size < ASKED_AT_ONCE_MAX ? chooseFrom(question, { asked, refused }) : undefined;
      if (instance !== undefined) {
        askedAtMs = performance.now();
        lives.set(instance, directory.lifeOf(instance));
        turns.set(instance, ++turn);
        asked.set(instance, settle(question, { instance, turn }));
      }
    }
    const settled = await firstOf([...asked.values(), ...lost.values()]);
    if (settled === undefined) {
      if (Date.now() > deadline + LOOK_MS) throw deadlineExceeded(name);
      continue;
    }
    if (lost.delete(settled.turn) && 'error' in settled) continue;
    asked.delete(settled.instance);
    if ('answer' in settled) return settled.answer;
    if (!(settled.error instanceof AskElsewhere)) throw settled.error;
    const another = directory.choose(name, refused.add(settled.instance)) !== undefined;
    if (asked.size > 0 || another) continue;
    if (Date.now() + PAUSE_MS > nobodyAt) throw settled.error.failure;
    await sleep(PAUSE_MS);
    refused.clear();
  }
}

type Tried = { readonly asked: ReadonlyMap<string, unknown>; readonly refused: ReadonlySet<string> };

/** Undefined when all that are known are being asked. */
function chooseFrom<Answer>({ directory, name }: Question<Answer>, { asked, refused }: Tried): string | undefined {
  const fresh = directory.choose(name, new Set([...asked.keys(), ...refused]));
  if (fresh !== undefined) return fresh;
  return asked.has(ANYBODY) ? undefined : ANYBODY;
}

/** Never rejects. */
async function settle<Answer>(
  { ask, directory }: Question<Answer>,
  { instance, turn }: { readonly instance: string; readonly turn: number },
): Promise<Settled<Answer>> {
  directory.began(instance);
  try {
    return { instance, turn, answer: await ask(instance === ANYBODY ? undefined : instance) };
  } catch (error) {
    if (error instanceof AskElsewhere && error.gone) directory.forget(instance);
    return { instance, turn, error };
  } finally {
    directory.ended(instance);
  }
}

/** The first to settle; undefined when it is time to look around. */
async function firstOf<T>(running: Iterable<Promise<T>>): Promise<T | undefined> {
  const { promise: look, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, LOOK_MS, undefined);
  try {
    return await Promise.race([...running, look]);
  } finally {
    clearTimeout(timer);
  }
}
