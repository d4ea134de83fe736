/**
 * What differs from run to run, and is shown as it was when it was captured: times, ids, hashes, tokens, keys. Each stands
 * for any of its kind. An ellipsis stands for anything.
 */
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/;
const ID = /[\w-]{12,}|[\w-]{8,}(?=…)/;
const VARIES = new RegExp(`(?<any>…)|(?<time>${TIME.source})|(?<id>${ID.source})`, 'g');

/** By what is shown: what it is in this run. */
export type Learned = Map<string, string>;

/** Whether what was printed is what is shown, but for spaces. Then what varies is learned, for the commands to come. */
export function fits(shown: string, printed: string, learned: Learned): boolean {
  const names: string[] = [];
  const wanted = withLearned(shown.trim(), learned);
  let [pattern, from] = ['', 0];
  for (const { 0: text, index, groups = {} } of wanted.matchAll(VARIES)) {
    pattern += loosely(wanted.slice(from, index));
    from = index + text.length;
    if (groups['any'] !== undefined) pattern += '[^]*?';
    else if (groups['time'] === undefined && !varies(text, learned)) pattern += literal(text);
    else {
      pattern += groups['time'] === undefined ? '([\\w-]+)' : `(${TIME.source})`;
      names.push(text);
    }
  }
  const found = new RegExp(`^\\s*${pattern}${loosely(wanted.slice(from))}\\s*$`).exec(printed);
  if (found === null) return false;
  for (const [i, name] of names.entries()) if (!learned.has(name)) learned.set(name, found[i + 1] ?? '');
  return true;
}

/** With what is shown replaced by what it is in this run. */
export function withLearned(text: string, learned: Learned): string {
  const names = [...learned.keys()].toSorted((a, b) => b.length - a.length);
  if (names.length === 0) return text;
  return text.replaceAll(new RegExp(names.map(literal).join('|'), 'g'), (name) => learned.get(name) ?? name);
}

/** Words do not vary: an id has letters and digits. What it is in this run, once that is known, is no other. */
function varies(text: string, learned: Learned): boolean {
  return /\d/.test(text) && /[a-z]/i.test(text) && ![...learned.values()].includes(text);
}

/** Spaces may be wherever JSON may have some, and there may be more of them or fewer. */
function loosely(text: string): string {
  const parts = text.match(/\s+|[,:[\]{}]|[^\s,:[\]{}]+/g) ?? [];
  const pattern = parts.map((part) => {
    if (/^\s/.test(part)) return String.raw`\s*`;
    return /^[,:[\]{}]$/.test(part) ? String.raw`\s*${literal(part)}\s*` : literal(part);
  });
  return pattern.join('').replaceAll(/(?:\\s\*){2,}/g, String.raw`\s*`);
}

function literal(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`);
}
