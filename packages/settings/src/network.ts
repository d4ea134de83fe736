import { BlockList, isIP } from 'node:net';

/** An address, or a network such as 10.1.0.0/16. */
export function isNetwork(text: string): boolean {
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
