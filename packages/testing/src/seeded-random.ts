/** Random numbers that a seed repeats. */
export type SeededRandom = {
  readonly seed: number;
  /** In [0, 1). */
  uniform(): number;
  /** Mean 0, variance 1. */
  gaussian(): number;
  /** In [0, bound). */
  int(bound: number): number;
  pick<T>(items: readonly T[]): T;
  vector(dimension: number): Float32Array;
};

/** mulberry32; gaussians by Box–Muller. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const int = (bound: number): number => Math.floor(uniform() * bound);
  return {
    seed,
    uniform,
    gaussian,
    int,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error('nothing to pick from');
      return items[int(items.length)] as T;
    },
    vector: (dimension) => Float32Array.from({ length: dimension }, gaussian),
  };
}
