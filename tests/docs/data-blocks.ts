import type { Block } from './blocks.ts';

/** What is read and not run. Answers whether the block is such; throws where it is not what it says it is. */
export function checkData({ language, text }: Block, at: string): boolean {
  if (language === 'json') return isJson(text, at);
  return PLAIN.has(language);
}

/** Pictures, streams and files of others, which have no grammar that is checked here. */
const PLAIN: ReadonlySet<string> = new Set(['text', 'ini', 'yaml', 'promql', 'dockerfile', 'mermaid']);

/** Objects one after the other; an ellipsis stands for what is left out, between the others or in the place of a value. */
function isJson(text: string, at: string): true {
  const whole = text.replaceAll(/"[^"\n]*"|(,\s*)?…(?=\s*[}\]])|…\s*,|…/g, (part) => {
    if (part.startsWith('"')) return part;
    return part === '…' ? 'null' : '';
  });
  for (const each of whole.split(/\n(?=[{[])/)) {
    try {
      JSON.parse(each);
    } catch (cause) {
      throw new Error(`${at}: not JSON: ${String(cause)}\n${each}`, { cause });
    }
  }
  return true;
}
