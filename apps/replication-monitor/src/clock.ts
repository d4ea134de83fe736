/** Two clocks: one that only grows, for how long ago something was, and the time of day, to compare with the logs. */
export type Clock = { readonly monotonicMs: () => number; readonly epochMs: () => number };

export const systemClock: Clock = { monotonicMs: () => performance.now(), epochMs: () => Date.now() };
