import type { FastifyReply } from 'fastify';
import { readStages, type ReadStages } from '@vectorizer/contracts';

const THOUSANDTH = 1_000;

/** The stages of a search in the header that browsers and other tools know, in milliseconds. */
export function sendStages(reply: FastifyReply, stages: ReadStages | undefined): void {
  if (stages === undefined) return;
  let text = '';
  for (const stage of readStages) {
    const ms = stages[stage];
    if (ms === undefined) continue;
    text += `${text === '' ? '' : ', '}${stage};dur=${Math.round(ms * THOUSANDTH) / THOUSANDTH}`;
  }
  if (text !== '') reply.header('server-timing', text);
}
