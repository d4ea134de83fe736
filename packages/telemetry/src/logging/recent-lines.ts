/** What is kept of one process's lines, in characters; the oldest go first. A line that is longer than that is not kept. */
const CHARACTERS_MAX = 4 * 1024 * 1024;
const LINE_CHARACTERS_MAX = 32 * 1024;
/** So many forgotten lines are taken out at once. */
const FORGOTTEN_MAX = 1_024;
/** A line is about one request, or, as one about what was done for several at once, has a list: `correlation_ids`. */
const MARK = '"correlation_id';

/**
 * The newest lines that belong to requests, so that whoever has a correlation id can ask each process what it has written
 * about it, without a collector of logs. It knows what was written: a line below the logger's level never was.
 */
export class RecentLines {
  readonly #charactersMax: number;
  #lines: string[] = [];
  /** Those before this one are forgotten. */
  #first = 0;
  #characters = 0;

  constructor(charactersMax = CHARACTERS_MAX) {
    this.#charactersMax = charactersMax;
  }

  /** A line of JSON, as a logger writes it. */
  add(line: string): void {
    if (line.length > LINE_CHARACTERS_MAX || !line.includes(MARK)) return;
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#characters > this.#charactersMax) {
      this.#characters -= this.#lines[this.#first]?.length ?? 0;
      this.#first += 1;
    }
    if (this.#first < FORGOTTEN_MAX) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }

  /** The last so many lines of a request, oldest first. */
  of(correlationId: string, max: number): string[] {
    const found: string[] = [];
    for (let i = this.#lines.length - 1; i >= this.#first && found.length < max; i--) {
      const line = this.#lines[i];
      if (line !== undefined && isAbout(line, correlationId)) found.push(line.trimEnd());
    }
    return found.toReversed();
  }
}

function isAbout(line: string, id: string): boolean {
  if (line.includes(`${MARK}":"${id}"`)) return true;
  if (!line.includes(`${MARK}s":[`) || !line.includes(`"${id}"`)) return false;
  const { correlation_ids: ids } = JSON.parse(line) as { readonly correlation_ids?: unknown };
  return Array.isArray(ids) && ids.includes(id);
}
