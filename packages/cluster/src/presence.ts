import { z } from 'zod';

/** What a process says of itself, again and again: which procedures it serves that others serve as well, and who it is. */
export const presence = {
  name: 'presence',
  value: z.object({
    instance: z.string().min(1),
    serves: z.array(z.string()),
    /** Under which names it answers that nobody else does. Absent from processes of earlier versions. */
    names: z.array(z.string()).default([]),
    /** Grows with each new connection: a call that was sent to an earlier one may never have arrived. */
    life: z.int().nonnegative(),
    /** It is stopping: it answers what it was asked, and is to be asked nothing more. */
    leaving: z.boolean(),
  }),
} as const;
export type Presence = z.output<typeof presence.value>;

/** Short, so that a process that stands still is missed soon; each beat is some hundred bytes. */
export const BEAT_MS = 250;
/** A process that was not heard for this long is asked nothing, and what it was asked is asked of another. */
export const SILENT_MS = 4 * BEAT_MS;
