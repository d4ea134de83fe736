import type { FastifyReply } from 'fastify';
import { readStages, type CacheNote, type ReadStages } from '@vectorizer/contracts';
import { sendText } from '../answers.ts';

const THOUSANDTH = 1_000;

/** How an answer came about; of both, what is known. */
export type Searched = { readonly cache?: CacheNote | undefined; readonly stages?: ReadStages | undefined };

/** Sends the JSON of an answer, and in headers how it came about. */
export function sendSearched(reply: FastifyReply, { cache, stages }: Searched, text: string): void {
  noteCache(reply, cache);
  noteStages(reply, stages);
  sendText(reply, 200, text);
}

/** Says whether the answer, or a part, was kept, and since when: `Age` in seconds as HTTP has it, and to the millisecond. */
function noteCache(reply: FastifyReply, note: CacheNote | undefined): void {
  if (note === undefined) return;
  reply.header('x-cache', note.status);
  if (note.age_ms === undefined) return;
  reply.header('age', Math.floor(note.age_ms / 1_000));
  reply.header('x-cache-age-ms', note.age_ms);
}

/** The stages of a search in the header that browsers and other tools know, in milliseconds. */
function noteStages(reply: FastifyReply, stages: ReadStages | undefined): void {
  if (stages === undefined) return;
  let text = '';
  for (const stage of readStages) {
    const ms = stages[stage];
    if (ms === undefined) continue;
    text += `${text === '' ? '' : ', '}${stage};dur=${Math.round(ms * THOUSANDTH) / THOUSANDTH}`;
  }
  if (text !== '') reply.header('server-timing', text);
}
