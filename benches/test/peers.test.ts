import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { drawPeers, markdownOfPeers, type PeersRecord } from '../src/peers/report.ts';
import { family, memoryMb } from '../src/peers/servers/processes.ts';

const record: PeersRecord = {
  at: '2026-01-02T03:04:05.000Z',
  commit: 'abc123',
  quick: false,
  rounds: 5,
  machine: { cpu: 'a fast one', cores: 2, memory_mb: 1, load: 0.5, node: 'v24', versions: {} },
  dataset: 'small',
  recall: 0.98,
  servers: [
    { name: 'one', title: 'One 1.0', settings: 'as it comes' },
    { name: 'two', title: 'Two & more', settings: 'durable' },
  ],
  results: [
    { name: 'one.search.ef16', value: 5_000, unit: '1/s', cv: 0, recall: 0.9 },
    { name: 'one.search.ef64', value: 2_000, unit: '1/s', cv: 0, recall: 0.985 },
    { name: 'two.search.ef16', value: 50, unit: '1/s', cv: 0, recall: 0.95 },
    { name: 'one.search.http32.qps', value: 1_999.6, unit: '1/s', cv: 0, recall: 0.985 },
    { name: 'two.restart_s', value: 1.25, unit: 's', cv: 0 },
  ],
};

describe('the comparison of servers', () => {
  it('is a table with a column for each server, and recall behind each search', () => {
    const lines = markdownOfPeers(record);
    expect(lines).toContain('| | One 1.0 | Two & more |');
    expect(lines).toContain('| searches/s on 32 connections | 2,000 (0.985) | failed |');
    expect(lines).toContain('| down, up, and the first search answered: s | failed | 1.25 |');
    expect(lines).toContain('- Two & more: durable.');
  });

  it('is drawn with a curve to a server, the one that is slower lower', () => {
    const drawn = drawPeers(record);
    expect(drawn.match(/<polyline/g)).toHaveLength(2);
    expect(drawn).toContain('Two &amp; more');
    const heights = [...drawn.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  });

  it('counts the memory of a server with that of all that it has started', async () => {
    // Busy, since a system may take the memory of what sleeps.
    const child = spawn('sh', ['-c', 'while :; do :; done & echo; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const pids = family(child.pid ?? 0);
    try {
      expect(pids).toHaveLength(2);
      // What the one has started shares memory with it, and each has what is its own a moment later.
      await until(() => memoryMb(pids) > memoryMb(pids.slice(0, 1)));
    } finally {
      for (const pid of pids.toReversed()) process.kill(pid);
    }
    await once(child, 'exit');
    // A process that was killed gives its memory back a moment later.
    await until(() => memoryMb(pids) === 0);
  });
});
