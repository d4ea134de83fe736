import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory } from '@vectorizer/testing';
import { Shard } from '../shard/shard.ts';
import { KILL, killLog } from './kill-child.ts';

const KILLS = 5;
const packageDirectory = fileURLToPath(new URL('../..', import.meta.url));

/** A process that applies the seed's log to the directory, killed without warning after it reported some progress. */
async function applyAndKill(directory: string, seed: number, delayMs: number): Promise<void> {
  const script = `
    import { seededRandom } from '@vectorizer/testing';
    import { applyUntilKilled, killLog } from './src/model/kill-child.ts';
    await applyUntilKilled(${JSON.stringify(directory)}, killLog(seededRandom(${seed})));`;
  const child = spawn(
    process.execPath,
    ['--conditions=@vectorizer/source', '--no-warnings', '--input-type=module', '--eval', script],
    { cwd: packageDirectory, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  await sleep(delayMs);
  child.kill('SIGKILL');
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
}

function open(directory: string): Promise<Shard> {
  return Shard.open({ ...KILL, directory, metric: 'cosine' });
}

/** What must be the same however a replica came to a sequence. */
function proofOf(shard: Shard): object {
  const { applied_sequence, points, state_hash, chain, entries_applied, operations_applied, bytes_received } =
    shard.report();
  return { applied_sequence, points, state_hash, chain, entries_applied, operations_applied, bytes_received };
}

describe('a shard whose process is killed while it applies', () => {
  it.each([21, 22])('reopens as it was after some entry, exactly (seed %i)', async (seed) => {
    await using root = await temporaryDirectory();
    const random = seededRandom(seed + 1_000);
    const killed = join(root.path, 'killed');
    const replayed = await open(join(root.path, 'replayed'));
    const log = killLog(seededRandom(seed));
    for (let kill = 0; kill < KILLS; kill++) {
      await applyAndKill(killed, seed, random.int(150));
      const reopened = await open(killed);
      const { sequence } = reopened.position;
      while (replayed.position.sequence < sequence) {
        const bytes = log.next().value;
        if (bytes === undefined) throw new Error('the log is too short for this test');
        await replayed.apply({ sequence: replayed.position.sequence + 1, bytes, at: replayed.position.sequence + 1 });
      }
      expect(proofOf(reopened)).toEqual(proofOf(replayed));
      const fields = { limit: 1_000, with_payload: true, with_vector: true };
      expect(await reopened.scroll(fields)).toEqual(await replayed.scroll(fields));
      await reopened.close();
    }
    expect(replayed.position.sequence).toBeGreaterThan(0);
    await replayed.close();
  });
});
