import { z } from 'zod';
import { PointBody, UpdateBody } from './http-bodies.ts';
import { limits } from './limits.ts';
import { PointId, type CollectionName } from './names.ts';
import type { WireFailure } from '@vectorizer/errors';

/** What an event does to the points that it names; an upsert of a point that is there replaces it. */
export const EventKind = z.enum(['upsert', 'update', 'delete']);
export type EventKind = z.infer<typeof EventKind>;

/** Where producers publish, and where what they publish waits for its turn. */
export const events = {
  stream: 'VZ_PRODUCER_EVENTS',
  consumer: 'ingest',
  /** By kind, so that whoever publishes another hears at once that nobody takes it. */
  subjects: EventKind.options.map((kind) => `vectorizer.events.*.${kind}`),
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
};

/** A header by its name in whatever case. */
export function headerOf({ headers }: Pick<StoredEvent, 'headers'>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return Object.entries(headers).find(([each]) => each.toLowerCase() === wanted)?.[1];
}

/** Of a subject that a producer published to. */
export function targetOf(subject: string): { readonly collection: string; readonly kind: EventKind } {
  const [, , collection = '', kind = ''] = subject.split('.');
  return { collection, kind: EventKind.parse(kind) };
}
