import type { FastifyRequest } from 'fastify';

const matched = new WeakMap<FastifyRequest, number>();

/** That a request has changed so many points which it did not name, but its filter matched. */
export function noteMatched(request: FastifyRequest, points: number): void {
  matched.set(request, matchedBy(request) + points);
}

export function matchedBy(request: FastifyRequest): number {
  return matched.get(request) ?? 0;
}
