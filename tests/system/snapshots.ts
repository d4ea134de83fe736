import { until } from '@vectorizer/testing';
import type { System } from './system.ts';

export type Job = { readonly state: 'running' | 'complete' | 'failed'; readonly reason?: string };
export type Restore = Job & {
  readonly name: string;
  readonly uid: string;
  readonly points?: number;
  readonly aliases_left?: readonly string[];
  readonly verified?: boolean;
  readonly replicas_compared?: number;
};
export type Snapshot = Job & {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly points: number;
  readonly bytes: number;
  readonly progress: { readonly shards_stored: number; readonly shards: number; readonly moved_bytes: number };
  readonly shards: readonly ({
    readonly sequence: number;
    readonly points: number;
    readonly state_hash: string;
  } | null)[];
  readonly restore?: Restore;
};
export type Answer = {
  readonly status: number;
  readonly body: Snapshot & { readonly snapshots: readonly Snapshot[] } & {
    readonly error: { readonly type: string; readonly message: string; readonly correlation_id: string };
  };
};

export async function ask(system: System, call: string, body?: unknown): Promise<Answer> {
  const [method = '', path = ''] = call.split(' ');
  const answer = await fetch(`${system.url}/api/v1/collections/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

/** Takes a snapshot of a collection; answers it once it is complete. */
export async function takeSnapshot(system: System, collection: string): Promise<Snapshot> {
  const { status, body } = await ask(system, `POST ${collection}/snapshots`);
  if (status !== 202) throw new Error(JSON.stringify(body));
  return ended(system, `${collection}/snapshots/${body.id}`, (snapshot) => snapshot);
}

/** Restores a snapshot of a collection; answers what became of that. */
export async function restore(system: System, path: string, body: object): Promise<Restore> {
  const answer = await ask(system, `POST ${path}/restore`, body);
  if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
  await ended(system, path, ({ restore: job }) => job);
  const { restore: job } = (await ask(system, `GET ${path}`)).body;
  if (job === undefined) throw new Error('a snapshot that was restored says so');
  return job;
}

export async function ended(
  system: System,
  path: string,
  job: (snapshot: Snapshot) => Job | undefined,
): Promise<Snapshot> {
  let found: Snapshot | undefined;
  const isEnded = async (): Promise<boolean> => {
    const { status, body } = await ask(system, `GET ${path}`);
    found = body;
    return status === 200 && job(body)?.state !== 'running';
  };
  await until(isEnded, { what: `the end of the work on ${path}` });
  if (found === undefined) throw new Error('it was found');
  return found;
}
