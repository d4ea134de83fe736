import { describe, expect, it } from '@jest/globals';
import { heartbeat, rollCall, REPLICAS_PER_HEARTBEAT_MAX, type Heartbeat } from '@vectorizer/contracts';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { heartbeatsOf } from '../src/heartbeats.ts';
import { create, openNode, QUIET, report, startNode, startSystem } from './fixture.ts';

describe('the heartbeats of an index node', () => {
  it('come as often as it is set to, and at once when somebody asks for them', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path, { ...QUIET, heartbeatMs: 600_000 });
    const heard: Heartbeat[] = [];
    node.bus.listen(heartbeat, (beat) => heard.push(beat));
    for (const times of [1, 2, 3]) {
      node.bus.announce(rollCall, {});
      await until(() => heard.length >= times, { what: 'the node answering' });
    }
    expect(heard.at(-1)).toMatchObject({ node: node.id, every_ms: 600_000, replicas: [] });
  });

  it('carry all its replicas, in messages that each have a bounded number of them', async () => {
    await using setting = await startNode();
    const { node, books } = setting;
    const one = await report(node, books);
    const replicas = Array.from({ length: 2 * REPLICAS_PER_HEARTBEAT_MAX + 1 }, (_, shard) => ({ ...one, shard }));
    const about = { node: node.id, at: new Date().toISOString(), host: '127.0.0.1', port: 1 };
    const beats = heartbeatsOf(about, replicas);
    expect(beats.map((beat) => beat.replicas.length)).toEqual([
      REPLICAS_PER_HEARTBEAT_MAX,
      REPLICAS_PER_HEARTBEAT_MAX,
      1,
    ]);
    expect(beats.flatMap((beat) => beat.replicas)).toEqual(replicas);
    expect(heartbeatsOf(about, [])).toEqual([{ ...about, replicas: [] }]);
  });

  it('have a node join again that was taken for gone and removed', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    await system.registry.remove(node.id);
    await until(() => system.registry.nodes().some((each) => each.node === node.id), {
      what: 'the node being registered again',
    });
  });

  it('tell of a replica that has come, however rarely they come', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path, { ...QUIET, heartbeatMs: 600_000 });
    let uid = '';
    node.bus.listen(heartbeat, ({ replicas }) => (uid = replicas[0]?.phase === 'following' ? replicas[0].uid : uid));
    const books = await create(system, [node]);
    await until(() => uid === books.uid, { what: 'the node telling of its replica' });
  });
});
