import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '@vectorizer/testing';
import { HOST, Ports } from './ports.ts';

const taken = expect.objectContaining({ type: 'service_unavailable', message: expect.stringContaining('is taken') });

describe('the ports of an instance', () => {
  it('are no other instance’s, also while nobody listens on them', async () => {
    const [one, other] = [new Ports(), new Ports()];
    const port = await one.free();
    await expect(other.chosen(port)).rejects.toEqual(taken);
    await expect(one.chosen(port)).rejects.toEqual(taken);
    await one.close();
    expect(await other.chosen(port)).toBe(port);
    await other.close();
  });

  it('differ when many instances choose theirs at once', async () => {
    const instances = Array.from({ length: 20 }, () => new Ports());
    const chosen = await Promise.all(
      instances.flatMap((ports) => Array.from({ length: 25 }, async () => ports.free())),
    );
    expect(new Set(chosen).size).toBe(500);
    await Promise.all(instances.map(async (ports) => ports.close()));
  });

  it('are not those that somebody else listens on', async () => {
    const port = await freePort();
    const ports = new Ports();
    // A test's own, as an instance's: nobody listens there yet.
    await expect(ports.chosen(port)).rejects.toEqual(taken);
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const address = server.address();
    const listened = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(ports.chosen(listened)).rejects.toEqual(taken);
    server.close();
    await once(server, 'close');
    expect(await ports.chosen(listened)).toBe(listened);
    await ports.close();
  });
});
