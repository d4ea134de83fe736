import type { Result } from '../outcome/result.ts';
import type { Progress } from '../progress.ts';
import type { Rounds } from '../setting.ts';

/** What every part of the run is told. */
export type ScaleRun = {
  readonly quick: boolean;
  readonly rounds: Rounds;
  /** The most points of a collection whose growth is measured. */
  readonly pointsMax: number;
  /** How long the soak is. */
  readonly minutes: number;
  readonly progress: Progress;
  readonly say: (line: string) => void;
};

/** Measures one thing that grows; the names of its figures begin with `scale.` and its own name, or with `soak.`. */
export type Part = (run: ScaleRun) => Promise<Result[]>;
