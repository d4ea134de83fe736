const EVERY_MS = 250;
/** Some milliseconds, so that others that want the processor come to their turn meanwhile. */
const ROUNDS = 5_000_000;

/** What the same work ever took at its best, in this process. */
let best = Number.POSITIVE_INFINITY;

/**
 * Since the call: how many times longer than at its best a fixed piece of work took, in the median, until what it answers is
 * called. What the product promises in seconds it promises on a machine that has room for it; a test whose machine also does
 * the work of other tests, and of strangers, divides by this what it measured.
 */
export function startSlowdown(): () => number {
  const times: number[] = [];
  const look = (): void => {
    const startMs = performance.now();
    work();
    const ms = performance.now() - startMs;
    times.push(ms);
    best = Math.min(best, ms);
  };
  look();
  const timer = setInterval(look, EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? best;
    return median / best;
  };
}

let sink = 0;
/** Not asked for in each round: what is global to a test is looked up slowly. */
const { imul } = Math;

function work(): void {
  let x = 1;
  for (let i = 0; i < ROUNDS; i++) x = imul(x ^ i, 0x9e3779b1);
  sink ^= x;
}
