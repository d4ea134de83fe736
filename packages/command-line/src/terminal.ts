/** Where a command prints: results on `out`, everything about its progress on `err`. */
export type Terminal = {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Whether `err` is watched by a person, who gets a bar instead of lines. */
  readonly interactive: boolean;
};

const interactive = process.stderr.isTTY;
/** A bar may be on the line: it is wiped, and paints itself again below. */
const wipe = interactive ? '\r\x1B[2K' : '';

export const processTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${wipe}${line}\n`),
  interactive,
};
