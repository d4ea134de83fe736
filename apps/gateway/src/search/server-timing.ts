import type { FastifyReply } from 'fastify';
import { readStages, type ReadStages } from '@vectorizer/contracts';

const THOUSANDTH = 1_000;

/** The stages of a search in the header that browsers and other tools know, in milliseconds. */
export function sendStages(reply: FastifyReply, stages: ReadStages | undefined): void {
  if (stages === undefined) return;
  const metrics = readStages.flatMap((stage) => {
    const ms = stages[stage];
    return ms === undefined ? [] : [`${stage};dur=${Math.round(ms * THOUSANDTH) / THOUSANDTH}`];
  });
  if (metrics.length > 0) reply.header('server-timing', metrics.join(', '));
}
