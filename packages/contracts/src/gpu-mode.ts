/** Which devices gpu collections may use: `auto` takes a real one; `software` also one that computes on the processor, for tests. */
export const gpuModes = ['auto', 'off', 'software'] as const;
export type GpuMode = (typeof gpuModes)[number];
