import { describe, expect, it } from '@jest/globals';
import { statusOf, type Seen } from './replica-status.ts';

const well: Seen = { silentMs: 0, disconnectedAfterMs: 10_000, phase: 'following', differs: false, lagMs: 0 };

describe('the status of a replica', () => {
  it.each<[string, Partial<Seen>]>([
    ['Connected', {}],
    ['Connected', { silentMs: 10_000 }],
    ['Disconnected', { silentMs: 10_001 }],
    ['Connected', { lagMs: 1_000 }],
    ['Lagging', { lagMs: 1_001 }],
    ['Syncing', { phase: 'syncing' }],
    ['Syncing', { phase: undefined }],
    ['Diverged', { phase: 'diverged' }],
    ['Diverged', { differs: true }],
    ['Disconnected', { phase: 'failed' }],
    ['Disconnected', { disconnectedAfterMs: 60_000, silentMs: 60_001 }],
    ['Connected', { disconnectedAfterMs: 60_000, silentMs: 60_000 }],
  ])('is %s of %j', (status, seen) => {
    expect(statusOf({ ...well, ...seen })).toBe(status);
  });

  it('is the first that fits of several', () => {
    const all: Seen = { silentMs: 10_001, disconnectedAfterMs: 10_000, phase: 'syncing', differs: true, lagMs: 1_001 };
    expect(statusOf(all)).toBe('Disconnected');
    expect(statusOf({ ...all, silentMs: 0 })).toBe('Diverged');
    expect(statusOf({ ...all, silentMs: 0, differs: false })).toBe('Syncing');
    expect(statusOf({ ...all, silentMs: 0, differs: false, phase: 'following' })).toBe('Lagging');
  });
});
