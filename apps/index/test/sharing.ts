import { open, readFile } from 'node:fs/promises';
import type { CollectionRecord, ReplicaReport } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { report, type Node, type System } from './fixture.ts';

/** So that a shared snapshot is taken of everything, and the log cut behind it. */
export const SHARE_ALL = { sharing: { logBytesMax: 1, logRetentionMs: 0 }, verifyIntervalMs: 100 };

/** Returns when the log begins after the sequence. */
export async function cutBeyond(system: System, { uid }: CollectionRecord, sequence: number): Promise<void> {
  await until(async () => (await system.log.state(uid, 0)).firstSequence > sequence, {
    what: 'the log being cut',
  });
}

export async function place(
  system: System,
  { name }: CollectionRecord,
  nodes: readonly Pick<Node, 'id'>[],
): Promise<void> {
  await system.catalog.update(name, (record) => ({ ...record, placement: [nodes.map(({ id }) => id)] }));
}

export function reportIfPlaced(node: Node, { uid }: CollectionRecord): ReplicaReport | undefined {
  return node.index.replicas().find((replica) => replica.uid === uid);
}

export function sameState(a: Node, b: Node, record: CollectionRecord): Promise<void> {
  return until(
    async () => {
      const [one, other] = await Promise.all([report(a, record), report(b, record)]);
      return one.state_hash === other.state_hash && one.chain === other.chain && one.points === other.points;
    },
    { what: 'both replicas having one state' },
  );
}

/** In every copy of the text: LMDB leaves former ones on pages that it has freed. */
export async function flipBit(path: string, text: string): Promise<void> {
  const bytes = await readFile(path);
  await using file = await open(path, 'r+');
  let flipped = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    const position = at + text.length - 3;
    await file.write(Buffer.of(bytes.readUInt8(position) ^ 1), 0, 1, position);
    flipped += 1;
  }
  if (flipped === 0) throw new Error(`${path} does not hold ${text}`);
}
