import { isIPv6 } from 'node:net';

/** Where this machine reaches what listens on an address. */
export function reachedAt(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}
