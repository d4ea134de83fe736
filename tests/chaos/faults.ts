import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';
import type { System } from '../system/system.ts';
import type { PlannedFault } from './plan.ts';
import type { Recorder } from './recorder.ts';
import { tearFiles } from './tear-files.ts';

type Stage = {
  readonly system: System;
  readonly recorder: Recorder;
  readonly seed: number;
  readonly say: (line: string) => void;
};

/** Does what is planned, when it is planned, and undoes it; returns when all is undone. */
export async function carryOut(faults: readonly PlannedFault[], stage: Stage): Promise<void> {
  const start = performance.now();
  const struck = faults.map(async (fault, i) => {
    await sleep(Math.max(0, start + fault.atMs - performance.now()));
    const { kind, target, forMs } = fault;
    const what = `${kind} ${target}${forMs === 0 ? '' : ` for ${forMs} ms`}`;
    stage.say(what);
    stage.recorder.fault(what, 'begin');
    // Whatever it was to be struck with, it may be down already: it does not run, then, and that is a fault, too.
    await strike(fault, stage.system, seededRandom(stage.seed + i)).catch((error: unknown) => {
      stage.say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
    stage.recorder.fault(what, 'end');
  });
  await Promise.all(struck);
  await heal(stage.system);
}

/** What was left half-way, since the process was down when it was to be undone. */
async function heal(system: System): Promise<void> {
  for (const { name, state, cut } of (await system.status()).processes) {
    if (cut) await system.mend(name);
    if (state === 'paused') await system.resume(name);
    if (state === 'held') await system.start(name);
  }
}

async function strike({ kind, target, forMs }: PlannedFault, system: System, random: SeededRandom): Promise<void> {
  switch (kind) {
    case 'kill':
      return system.kill(target);
    case 'pause':
      await system.pause(target);
      await sleep(forMs);
      return system.resume(target);
    case 'hang':
      await system.pause(target);
      await sleep(forMs);
      return system.kill(target);
    case 'cut':
      await system.cut(target);
      await sleep(forMs);
      return system.mend(target);
    case 'tear':
      await system.kill(target, 'hold');
      await tearFiles(join(system.data, target), random);
      return system.start(target);
  }
}
