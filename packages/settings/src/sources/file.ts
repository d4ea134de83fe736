import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type ParsedNode } from 'yaml';
import { whyUnreadable } from '../why-unreadable.ts';
import { services, type Service } from '../setting.ts';
import { suggestion } from '../suggest.ts';
import { isReadBy, settingOf } from '../table/table.ts';
import { knownNames, meaningOf, type Given, type Problem, type Source } from './given.ts';

/** What several settings' names begin with. */
const groupNames = new Set(
  knownNames.flatMap((name) =>
    name.split('_').flatMap((_, i, words) => (i === 0 ? [] : [words.slice(0, i).join('_')])),
  ),
);
/** Far more than all settings take. */
const BYTES_MAX = 1024 * 1024;

export type SettingsFile = Source & {
  /** What stands below a service's name, which is for it alone. */
  readonly sections: ReadonlyMap<Service, readonly Given[]>;
};

/** YAML, and so JSON as well. `cache: { bytes: 0 }` is `cache_bytes: 0`. A file that cannot be read is a problem, too. */
export function fromFile(file: string): SettingsFile {
  const text = textOf(file);
  return typeof text === 'string'
    ? new Reading(file, text).result()
    : { given: [], problems: [text], sections: new Map() };
}

function textOf(file: string): string | Problem {
  try {
    if (statSync(file).size > BYTES_MAX) return { at: file, reason: `longer than ${BYTES_MAX} bytes` };
    return readFileSync(file, 'utf8');
  } catch (cause) {
    return { at: file, reason: `cannot be read: ${whyUnreadable(cause)}` };
  }
}

type Place = { readonly path: string; readonly service: Service | undefined };

class Reading {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #problems: Problem[] = [];
  readonly #common: Given[] = [];
  readonly #sections = new Map<Service, Given[]>();

  constructor(file: string, text: string) {
    this.#file = file;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of document.errors) this.#problem(pos[0], message);
    if (document.errors.length > 0 || document.contents === null) return;
    this.#walk(document.contents, { path: '', service: undefined });
  }

  result(): SettingsFile {
    return { given: this.#common, problems: this.#problems, sections: this.#sections };
  }

  #walk(node: ParsedNode, place: Place): void {
    if (isScalar(node) && node.value === null) return;
    if (!isMap(node)) return this.#problem(node.range[0], 'expected settings by their names');
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (value === null || (isScalar(value) && value.value === null)) {
        this.#pair({ name, at: key.range[0], value: undefined }, place);
      } else {
        this.#pair({ name, at: key.range[0], value }, place);
      }
    }
  }

  #pair(
    { name, at, value }: { name: string; at: number; value: ParsedNode | undefined },
    { path, service }: Place,
  ): void {
    const section = path === '' && service === undefined ? services.find((each) => each === name) : undefined;
    if (section !== undefined) return value && this.#walk(value, { path: '', service: section });
    const whole = path === '' ? name : `${path}_${name}`;
    const meaning = meaningOf(whole);
    if (meaning === undefined) {
      if (knownNames.some((known) => known.startsWith(`${whole}_`))) {
        return value && this.#walk(value, { path: whole, service });
      }
      const isTop = path === '' && service === undefined;
      const candidates = [...knownNames, ...groupNames, ...(isTop ? services : [])];
      return this.#problem(at, `no setting is named ${whole}${suggestion(whole, candidates)}`);
    }
    // Without a value it is as if it were not there, as where a template has left it empty.
    if (value !== undefined) this.#take({ ...meaning, at: this.#where(at) }, value, service);
  }

  #take(meaning: Pick<Given, 'name' | 'inFile' | 'at'>, value: ParsedNode, service: Service | undefined): void {
    const { name, inFile, at } = meaning;
    const { type, onlyVariable } = settingOf(name);
    const fail = (reason: string): void => void this.#problems.push({ at, reason });
    if (onlyVariable === true)
      return fail(`${name} can only be set in the environment, since it is read before this file`);
    if (service !== undefined && !isReadBy(name, service)) {
      return fail(`${service} does not read ${name}; ${settingOf(name).services.join(' and ')} do`);
    }
    const text = textIn(value, inFile ? 'scalar' : type.shape);
    if (text === undefined) return fail(`${name}: expected ${inFile ? 'a path' : type.expected}`);
    const said = this.#saidFor(service);
    if (said.some((other) => other.name === name)) return fail(`${name} was set already`);
    const isPath = inFile || type.isPath === true;
    said.push({ ...meaning, text: isPath ? resolve(dirname(this.#file), text) : text });
  }

  #saidFor(service: Service | undefined): Given[] {
    if (service === undefined) return this.#common;
    const said = this.#sections.get(service) ?? [];
    this.#sections.set(service, said);
    return said;
  }

  #problem(offset: number, reason: string): void {
    this.#problems.push({ at: this.#where(offset), reason });
  }

  #where(offset: number): string {
    return `${this.#file}:${this.#lines.linePos(offset).line}`;
  }
}

/** What a variable would hold; undefined for what has not the shape of it. */
function textIn(node: Node, shape: 'scalar' | 'list' | 'map'): string | undefined {
  if (isScalar(node)) return String(node.value);
  if (shape === 'list' && isSeq(node) && node.items.every((item) => isScalar(item))) {
    return node.items.map((item) => String(item.value)).join();
  }
  return shape === 'map' && isMap(node) ? JSON.stringify(node) : undefined;
}
