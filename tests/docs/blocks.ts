import { strict as assert } from 'node:assert';

/** A fenced block of a document: what stands behind the fence's language says what is done with it. */
export type Block = {
  readonly language: string;
  readonly text: string;
  /** Of its first line in the document, from 1 on. */
  readonly line: number;
  /** Every command is repeated until what it prints is what is shown. */
  readonly until: boolean;
  /** It shows something that is refused: its last command must not succeed. */
  readonly fails: boolean;
  /** A program that not every machine has. */
  readonly needs: string | undefined;
  /** Why it cannot be run. */
  readonly notRun: string | undefined;
};

/** A command, and what is shown of what it prints; undefined: nothing is shown. */
export type Step = { readonly command: string; readonly shown: string | undefined; readonly line: number };

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[]; fence: string } | undefined;
  for (const [index, line] of document.split('\n').entries()) {
    const fence = /^ *(```+)(.*)$/.exec(line);
    if (open === undefined) {
      if (fence !== null) open = { fence: fence[1] ?? '', info: fence[2] ?? '', line: index + 2, lines: [] };
    } else if (fence !== null && fence[1] === open.fence && fence[2] === '') {
      blocks.push(blockOf(open.info, open.lines.join('\n'), open.line));
      open = undefined;
    } else open.lines.push(line);
  }
  assert(open === undefined, `line ${open?.line}: a fence that is not closed`);
  return blocks;
}

function blockOf(info: string, text: string, line: number): Block {
  const [, language = '', flags = ''] = /^(\S*) *(.*)$/.exec(info) ?? [];
  const [, before = '', notRun] = /^(.*?)(?:not-run: *(.+))?$/.exec(flags) ?? [];
  const [, words = '', needs] = /^(.*?)(?:needs: *(\S+) *)?$/.exec(before) ?? [];
  const known = words.split(' ').filter((word) => word !== '');
  const strange = known.find((word) => word !== 'until' && word !== 'fails');
  assert(strange === undefined, `line ${line}: a block is not tagged '${strange}'`);
  return { language, text, line, until: known.includes('until'), fails: known.includes('fails'), needs, notRun };
}

/** Of a `console` block: each `$ ` begins a command, which goes on in lines that begin with `> `. */
export function stepsOf({ text, line }: Block): Step[] {
  const steps: { command: string; shown: string[]; line: number }[] = [];
  for (const [index, each] of text.split('\n').entries()) {
    const last = steps.at(-1);
    if (last?.shown.length === 0 && each.startsWith('> ')) last.command += `\n${each.slice(2)}`;
    else if (each.startsWith('$ ')) steps.push({ command: each.slice(2), shown: [], line: line + index });
    else {
      assert(last !== undefined, `line ${line}: a console block begins with a command`);
      last.shown.push(each);
    }
  }
  return steps.map(({ shown, ...step }) => ({ ...step, shown: shown.join('\n') }));
}
