import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * Where a request comes from: the other end of its connection or, where that is a trusted proxy, whom that one names. Whatever
 * else a client writes into the header is believed by nobody.
 */
export function addressOf({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return isIP(ip) > 0 ? ip : (socket.remoteAddress ?? 'unknown');
}
