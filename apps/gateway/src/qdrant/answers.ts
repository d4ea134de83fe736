import type { FastifyReply } from 'fastify';
import type { FailureShape } from '@vectorizer/frame';
import { sendText } from '../answers.ts';

/** Every answer of Qdrant's has this around it; `time` is in seconds. */
export function sendResult(reply: FastifyReply, result: unknown): void {
  sendResultText(reply, JSON.stringify(result));
}

/** The same of a result that is JSON text already. Always 200: their clients take nothing else for success. */
export function sendResultText(reply: FastifyReply, result: string): void {
  sendText(reply, 200, resultText(reply, result));
}

/** The JSON of an answer with this result, itself JSON text. */
export function resultText(reply: FastifyReply, result: string): string {
  return `{"result":${result},"status":"ok","time":${secondsOf(reply)}}`;
}

const AT_ROOT = /^\/(?=(?:collections|aliases|cluster|telemetry|healthz|livez|readyz)(?:[/?]|$)|[?]|$)/;

/** Many of their clients take no path, or lose it: what they ask at the root, and nobody else does, is asked here. */
export function qdrantAtRoot(url: string): string {
  return url.replace(AT_ROOT, '/qdrant/');
}

const UNDER = /^\/qdrant([/?]|$)/;

/** The errors of what is asked under `/qdrant`, as its clients know them. The header has the correlation id. */
export const qdrantFailureShape: FailureShape = ({ message }, ours, { request, reply }) => {
  if (!UNDER.test(request.url)) return undefined;
  return { ...ours, body: JSON.stringify({ status: { error: message }, time: Number(secondsOf(reply)) }) };
};

function secondsOf(reply: FastifyReply): string {
  return (reply.elapsedTime / 1_000).toFixed(6);
}
