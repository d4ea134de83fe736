import { DeliverPolicy, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { Failure } from '@vectorizer/errors';
import { z } from 'zod';
import { readStream } from './read-stream.ts';

/** Parts are up to 1 MiB. */
const PARTS_AT_ONCE = 8;
const DESCRIPTIONS_AT_ONCE = 500;

type Source = { readonly client: JetStreamClient; readonly manager: JetStreamManager; readonly bucket: string };

/** What the object store's messages say of an object (ADR-20 of NATS), as far as it is of use here. */
const Described = z.object({ name: z.string(), nuid: z.string(), size: z.int(), deleted: z.boolean().optional() });

export type StoredObject = z.infer<typeof Described> & {
  /** When it was stored, or deleted (ISO 8601). */
  readonly at: string;
  readonly revision: number;
};

/** All objects of a bucket, those that were deleted among them until that is purged. */
export async function listObjects({ client, manager, bucket }: Source): Promise<StoredObject[]> {
  const messages = readStream({
    client,
    manager,
    stream: `OBJ_${bucket}`,
    subject: `$O.${bucket}.M.>`,
    deliver: DeliverPolicy.LastPerSubject,
    atOnce: DESCRIPTIONS_AT_ONCE,
  });
  // Of one that is stored anew meanwhile both come.
  const objects = new Map<string, StoredObject>();
  for await (const message of messages) {
    const described = Described.parse(message.json());
    objects.set(described.name, { ...described, at: message.time.toISOString(), revision: message.seq });
  }
  return [...objects.values()];
}

type Content = Source & { readonly object: { readonly name: string; readonly nuid: string; readonly chunks: number } };

/** The content of an object, part by part, at the pace of whoever takes it. */
export async function* readObject({ client, manager, bucket, object }: Content): AsyncGenerator<Uint8Array> {
  const { name, nuid, chunks } = object;
  const messages = readStream({
    client,
    manager,
    stream: `OBJ_${bucket}`,
    subject: `$O.${bucket}.C.${nuid}`,
    deliver: DeliverPolicy.All,
    atOnce: PARTS_AT_ONCE,
    onBegin: (stored) => {
      if (stored !== chunks) throw new Failure('storage_error', `of ${chunks} parts of ${name} ${stored} are stored`);
    },
  });
  for await (const { data } of messages) yield data;
}
