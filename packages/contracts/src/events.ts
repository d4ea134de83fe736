import { z } from 'zod';
import { PointBody, UpdateBody } from './http-bodies.ts';
import { limits } from './limits.ts';
import type { KeyId } from './api-key.ts';
import { commonSubject } from './patterns.ts';
import type { Permission } from './permissions.ts';
import { PointId, type CollectionName } from './names.ts';
import type { WireFailure } from '@vectorizer/errors';

/** What an event does to the points that it names; an upsert of a point that is there replaces it. */
export const EventKind = z.enum(['upsert', 'update', 'delete']);
export type EventKind = z.infer<typeof EventKind>;

/** What it takes to have an event written: what the same takes over HTTP. */
export const eventNeeds: Readonly<Record<EventKind, readonly Permission[]>> = {
  upsert: ['batch_insert', 'batch_update'],
  update: ['batch_update'],
  delete: ['batch_delete'],
};

/** Where producers publish, and where what they publish waits for its turn. With keys, a subject ends in the id of one. */
export const events = {
  stream: 'VZ_PRODUCER_EVENTS',
  consumer: 'ingest',
  /** By kind, so that whoever publishes another hears at once that nobody takes it. */
  subjects: EventKind.options.flatMap((kind) => [`vectorizer.events.*.${kind}`, `vectorizer.events.*.${kind}.*`]),
  subject: (collection: CollectionName, kind: EventKind): string => `vectorizer.events.${collection}.${kind}`,
} as const;

/** Where events lie that were refused. */
export const deadLetters = {
  stream: 'VZ_DEAD_LETTERS',
  subjects: 'vz.dead-letters.>',
  subject: (eventId: string): string => `vz.dead-letters.${eventId}`,
} as const;

const UpdateItem = z
  .strictObject({ id: PointId, ...UpdateBody.shape })
  .refine((item) => item.vector !== undefined || item.payload !== undefined, 'expected a vector, a payload, or both');
const DeleteItem = z.strictObject({ id: PointId, if_version: z.int().nonnegative().optional() });

/** One point of an event's body. */
export const eventItems = { upsert: PointBody, update: UpdateItem, delete: DeleteItem } as const;

const oneOrMany = <Item extends z.ZodType>(item: Item): z.ZodUnion<[Item, z.ZodArray<Item>]> =>
  z.union([item, z.array(item).min(1).max(limits.batchPointsMax)]);

/** The bodies of events: one point, or several, which are written in this order and as one. */
export const eventBodies = {
  upsert: oneOrMany(PointBody),
  update: oneOrMany(UpdateItem),
  delete: oneOrMany(DeleteItem),
} as const;

/** An event as it lies in its stream. `id` also tells it from those of a stream that was there before. */
export type StoredEvent = {
  readonly id: string;
  readonly sequence: number;
  /** When the log servers took it, in epoch milliseconds. */
  readonly at: number;
  readonly subject: string;
  /** The first value of each; names as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** A refused event, and why. */
export type DeadLetter = {
  readonly v: 1;
  readonly event: StoredEvent;
  readonly error: WireFailure;
  /** ISO 8601. */
  readonly at: string;
  /** Who published it, as the audit log names them. Absent from letters of earlier versions. */
  readonly actor?: string;
};

/** A header by its name in whatever case. */
export function headerOf({ headers }: Pick<StoredEvent, 'headers'>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return Object.entries(headers).find(([each]) => each.toLowerCase() === wanted)?.[1];
}

/** Of a subject that a producer published to. */
export function targetOf(subject: string): EventTarget {
  const [, , collection = '', kind = '', key] = subject.split('.');
  return { collection, kind: EventKind.parse(kind), key };
}
export type EventTarget = {
  readonly collection: string;
  readonly kind: EventKind;
  /** The id of the key that it was published with; the log servers let nobody name another's. */
  readonly key: string | undefined;
};

/** The subject without the key, which is what a key's scope is about. */
export function scopedSubject({ collection, kind }: Pick<EventTarget, 'collection' | 'kind'>): string {
  return `vectorizer.events.${collection}.${kind}`;
}

/** Where a key of this scope may publish: events of these kinds, under its own id. */
export function publishableSubjects(
  patterns: readonly string[],
  kinds: readonly EventKind[],
  key: KeyId,
): readonly string[] {
  const common = kinds.flatMap((kind) =>
    patterns.flatMap((pattern) => commonSubject(pattern, `vectorizer.events.*.${kind}`) ?? []),
  );
  return [...new Set(common)].map((subject) => `${subject}.${key}`);
}
