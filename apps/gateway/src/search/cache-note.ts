import type { FastifyReply } from 'fastify';
import type { CacheNote } from '@vectorizer/contracts';

/** Says whether the answer was kept somewhere, and since when: `Age` in seconds as HTTP has it, and to the millisecond. */
export function sendCacheNote(reply: FastifyReply, note: CacheNote | undefined): void {
  if (note === undefined) return;
  reply.header('x-cache', note.status);
  if (note.status !== 'hit') return;
  reply.header('age', Math.floor(note.age_ms / 1_000));
  reply.header('x-cache-age-ms', note.age_ms);
}
