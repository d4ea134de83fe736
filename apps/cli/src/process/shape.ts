import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { writeWhole } from '@vectorizer/files';
import { logServerCount } from './servers.ts';

/** What the files of a data directory were written by. Started in another shape, they would seem to be lost. */
const Shape = z.object({ v: z.literal(1), log_servers: z.int(), index_nodes: z.int() });
type Shape = z.infer<typeof Shape>;

/** Refuses to start fewer index nodes than hold data, or another number of log servers than the logs are on. */
export async function checkShape(data: string, nodes: number): Promise<void> {
  const wanted: Shape = { v: 1, log_servers: logServerCount(nodes), index_nodes: nodes };
  const found = await readShape(data);
  if (found !== undefined && (found.log_servers !== wanted.log_servers || found.index_nodes > nodes)) {
    const was = `${found.index_nodes} index nodes and ${found.log_servers} log servers`;
    const cure = `start it with "cluster up --nodes ${found.index_nodes}"`;
    throw new Failure('storage_error', `data directory ${data} was written by ${was}; ${cure}`);
  }
  if (found?.index_nodes === nodes) return;
  await writeWhole(join(data, 'shape.json'), JSON.stringify(wanted));
}

async function readShape(data: string): Promise<Shape | undefined> {
  let text: string;
  try {
    text = await readFile(join(data, 'shape.json'), 'utf8');
  } catch {
    return undefined;
  }
  return Shape.parse(JSON.parse(text));
}
