import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

/** An address, or a network such as 10.1.0.0/16. */
const Proxy = z.string().refine(isNetwork, 'expected an address, or a network such as 10.1.0.0/16');

/** Whose `X-Forwarded-For` is believed: nobody's, unless it is said. */
export const TrustedProxies = z
  .string()
  .transform((text) => text.split(',').map((each) => each.trim()))
  .pipe(z.array(Proxy));

/**
 * Where a request comes from: the other end of its connection or, where that is a trusted proxy, whom that one names. Whatever
 * else a client writes into the header is believed by nobody.
 */
export function addressOf({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return isIP(ip) > 0 ? ip : (socket.remoteAddress ?? 'unknown');
}

function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (length === undefined) return true;
  const bits = Number(length);
  // A network of everybody is no list of proxies.
  if (!/^\d{1,3}$/.test(length) || bits === 0 || bits > (version === 4 ? 32 : 128)) return false;
  new BlockList().addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return true;
}
