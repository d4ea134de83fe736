import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type LogLine = Readonly<Record<string, unknown>>;

/** What every service of an instance has written so far. */
export async function logLines(data: string): Promise<LogLine[]> {
  const directory = join(data, 'run');
  const names = (await readdir(directory)).filter(
    (name) => name.endsWith('.log') && !/^(nats|redis|supervisor)/.test(name),
  );
  const texts = await Promise.all(names.map(async (name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      // One that is being written is read the next time.
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine),
  );
}
