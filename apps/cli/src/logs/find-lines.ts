import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from '@vectorizer/errors';
import { runDirectory } from '../process/state-file.ts';

/** A line of a process's log, and which process's it is. */
export type FoundLine = { readonly process: string; readonly fields: Readonly<Record<string, unknown>> };

/** More lines of one request than this are no answer to a question. */
const LINES_MAX = 10_000;

/**
 * The lines about a request, by its correlation id or by the id of its trace, in the order of their time: of every process
 * of the instance, whether it runs or not. Throws `not_found` where nothing has ever run.
 */
export async function findLines(data: string, id: string): Promise<FoundLine[]> {
  const directory = runDirectory(data);
  const files = await readdir(directory).catch((cause: unknown) => {
    throw new Failure('not_found', `nothing has written a log on ${data}`, { cause });
  });
  const logs = files.filter((file) => /\.log(\.1)?$/.test(file) && !/^(nats|redis|supervisor)/.test(file));
  const about = async (ids: readonly string[]): Promise<FoundLine[]> =>
    (await Promise.all(logs.map(async (file) => linesIn(join(directory, file), ids)))).flat();
  const named = await about([id]);
  const found = [...named, ...(await about(namedIn(named, id))).filter(({ fields }) => isOfSeveral(fields))];
  const timeOf = ({ fields }: FoundLine): string => String(fields['time']);
  return found.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b))).slice(0, LINES_MAX);
}

/** The requests of a trace, by which lines are found that are about several requests, and so in no trace. */
function namedIn(lines: readonly FoundLine[], trace: string): string[] {
  const ids = lines.map(({ fields }) => fields['trace_id'] === trace && fields['correlation_id']);
  const named = new Set(ids.filter((id) => typeof id === 'string'));
  named.delete(trace);
  return [...named];
}

async function linesIn(file: string, ids: readonly string[]): Promise<FoundLine[]> {
  if (ids.length === 0) return [];
  const process = (file.split('/').at(-1) ?? '').replace(/\.log(\.1)?$/, '');
  const lines: FoundLine[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    // Most lines are about something else, and need not be read as JSON.
    if (!ids.some((id) => line.includes(id))) continue;
    const fields = fieldsOf(line);
    if (fields !== undefined && ids.some((id) => isAbout(fields, id))) lines.push({ process, fields });
  }
  return lines;
}

function isAbout({ correlation_id, correlation_ids, trace_id }: FoundLine['fields'], id: string): boolean {
  return correlation_id === id || trace_id === id || (Array.isArray(correlation_ids) && correlation_ids.includes(id));
}

function isOfSeveral({ correlation_ids, trace_id }: FoundLine['fields']): boolean {
  return Array.isArray(correlation_ids) && trace_id === undefined;
}

function fieldsOf(line: string): FoundLine['fields'] | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as FoundLine['fields']) : undefined;
  } catch {
    // The last line of a process that was killed while it wrote.
    return undefined;
  }
}
