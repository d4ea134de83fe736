import type { Terminal } from '@vectorizer/command-line';

/** A terminal that keeps what a command prints, line by line. */
export type Recorded = { readonly terminal: Terminal; readonly out: string[]; readonly err: string[] };

export function recorded(): Recorded {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  return { terminal: { ...terminal, interactive: false }, out, err };
}
