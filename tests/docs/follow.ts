import { setTimeout as sleep } from 'node:timers/promises';
import { blocksOf, stepsOf, type Block, type Step } from './blocks.ts';
import type { Place } from './place.ts';
import { checkData } from './data-blocks.ts';
import { fits, withLearned, type Learned } from './shown.ts';

/** Blocks that were run, those that were not true among them; and those that were not, with the reason. */
export type Followed = { ran: number; failed: number; readonly notRun: string[]; readonly notHere: string[] };

export function nothingFollowed(): Followed {
  return { ran: 0, failed: 0, notRun: [], notHere: [] };
}

const UNTIL_MS_MAX = 60_000;
const AGAIN_MS = 250;

export type Document = { readonly name: string; readonly text: string };

/** Does what a document says, block by block; throws with the place of the first one that is not true. Adds to `done`. */
export async function follow({ name, text }: Document, place: Place, done: Followed): Promise<void> {
  const reader = new Reader(name, place);
  for (const block of blocksOf(text)) {
    const at = `${name}:${block.line}`;
    if (block.notRun !== undefined) done.notRun.push(`${at}: ${block.notRun}`);
    else if (checkData(block, at)) await writeNamed(block, place);
    else if (block.needs !== undefined && !(await reader.has(block.needs))) done.notHere.push(`${at}: ${block.needs}`);
    else {
      done.ran += 1;
      done.failed += 1;
      await reader.run(block);
      done.failed -= 1;
    }
  }
}

/** A file that says in its first line what it is called is there for the commands to come. */
async function writeNamed({ text }: Block, place: Place): Promise<void> {
  const [, file] = /^# ([\w-]+\.[a-z]+)\b/.exec(text) ?? [];
  if (file !== undefined) await place.write(file, `${text}\n`);
}

/** What a program is asked that it is there. */
const PROBES: Readonly<Record<string, string>> = { 'nats-py': `python3 -c 'import nats'` };

class Reader {
  readonly #name: string;
  readonly #place: Place;
  readonly #learned: Learned = new Map();
  /** What the last block printed, for an `output` block. */
  #printed = '';
  #files = 0;

  constructor(name: string, place: Place) {
    this.#name = name;
    this.#place = place;
  }

  async has(program: string): Promise<boolean> {
    return (await this.#place.shell.run(PROBES[program] ?? `command -v ${program}`)).code === 0;
  }

  async run(block: Block): Promise<void> {
    const { language, text, line } = block;
    if (language === 'console') for (const step of stepsOf(block)) await this.#step(step, block);
    else if (language === 'output') this.#compare({ command: 'the block above', shown: text, line }, this.#printed);
    else await this.#step({ command: await this.#commandOf(block), shown: undefined, line }, block);
  }

  async #commandOf({ language, text, line }: Block): Promise<string> {
    if (language === 'sh') return text;
    const [ending, program] = PROGRAMS[language] ?? [];
    if (ending === undefined) throw new Error(`${this.#name}:${line}: a block is not '${language}'`);
    const file = `example-${++this.#files}.${ending}`;
    await this.#place.write(file, this.#place.translated(withLearned(text, this.#learned)));
    return `${program} ${file}`;
  }

  async #step(step: Step, { until, fails }: Block): Promise<void> {
    const end = Date.now() + (until ? UNTIL_MS_MAX : 0);
    for (;;) {
      const command = this.#place.translated(withLearned(step.command, this.#learned));
      const { code, printed } = await this.#place.shell.run(command);
      this.#printed = printed;
      const isShown = step.shown === undefined || fits(this.#place.translated(step.shown), printed, this.#learned);
      if (isShown && (code === 0) === !fails) return;
      if (Date.now() < end) {
        await sleep(AGAIN_MS);
        continue;
      }
      const what = isShown ? `it ended with ${code}` : 'what it printed is not what is shown';
      const shown = step.shown === undefined ? '' : `\nshown:\n${step.shown}`;
      throw new Error(`${this.#name}:${step.line}: ${what}\n$ ${command}${shown}\nprinted:\n${printed}`);
    }
  }

  #compare({ shown = '', line }: Step, printed: string): void {
    if (fits(this.#place.translated(shown), printed, this.#learned)) return;
    throw new Error(`${this.#name}:${line}: not what was printed\nshown:\n${shown}\nprinted:\n${printed}`);
  }
}

/** By language: how a file of it ends, and what runs it. */
const PROGRAMS: Readonly<Record<string, readonly [string, string]>> = {
  ts: ['ts', 'node --conditions=@vectorizer/source --no-warnings'],
  js: ['mjs', 'node --conditions=@vectorizer/source --no-warnings'],
  python: ['py', 'python3'],
};
