import type { Metric } from '@vectorizer/contracts';
import { ROUNDS, scoreManyKernel, scoreOneKernel, SELECT_KERNELS } from './kernels.ts';

const COMPUTE_STAGE = 0x4;

/** The kernels of one metric, compiled. */
export type Pipelines = {
  readonly scoreOne: GPUComputePipeline;
  readonly scoreMany: GPUComputePipeline;
  readonly rounds: readonly { readonly count: GPUComputePipeline; readonly pick: GPUComputePipeline }[];
  readonly gather: GPUComputePipeline;
  readonly conclude: GPUComputePipeline;
};

/** One layout for all kernels, so that one bind group serves a whole batch. */
export function layoutOf(device: GPUDevice): GPUBindGroupLayout {
  const storage = ['read-only-storage', 'read-only-storage', 'read-only-storage', 'read-only-storage'] as const;
  const types = [...storage, 'storage', 'storage', 'storage'] as const;
  return device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ...types.map((type, i) => ({ binding: 1 + i, visibility: COMPUTE_STAGE, buffer: { type } })),
    ],
  });
}

export function pipelinesOf(device: GPUDevice, bindings: GPUBindGroupLayout, metric: Metric): Pipelines {
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
  const compile = (code: string, entryPoint: string, constants: Record<string, number> = {}): GPUComputePipeline =>
    device.createComputePipeline({
      layout,
      compute: { module: device.createShaderModule({ code }), entryPoint, constants },
    });
  const [last] = ROUNDS.slice(-1);
  return {
    scoreOne: compile(scoreOneKernel(metric), 'score'),
    scoreMany: compile(scoreManyKernel(metric), 'score'),
    rounds: ROUNDS.map((round) => ({
      count: compile(SELECT_KERNELS, 'count', round),
      pick: compile(SELECT_KERNELS, 'pick', round),
    })),
    gather: compile(SELECT_KERNELS, 'gather', last),
    conclude: compile(SELECT_KERNELS, 'conclude', last),
  };
}
