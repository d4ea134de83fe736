import { USAGE, type GpuDevice } from './gpu-device.ts';

/** As many as there are batches under way at busy times. */
const KEPT_MAX = 8;

/**
 * Buffers that answers are read from. They are used again, since one that is made for a single reading costs ten times
 * what the reading does (half a millisecond on an H100).
 */
export class ReadBuffers {
  readonly #device: GpuDevice;
  readonly #free: GPUBuffer[] = [];

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** For `bytes` at least. `onFailure` is told when there is no memory for it. */
  take(bytes: number, onFailure: (reason: string) => void): GPUBuffer {
    const fitting = this.#free.findIndex(({ size }) => size >= bytes);
    const [free] = fitting < 0 ? [] : this.#free.splice(fitting, 1);
    if (free !== undefined) return free;
    return this.#device.allocate(2 ** Math.ceil(Math.log2(bytes)), USAGE.mapRead | USAGE.copyTarget, onFailure);
  }

  /** After it has been read. */
  giveBack(buffer: GPUBuffer): void {
    buffer.unmap();
    this.#free.push(buffer);
    if (this.#free.length > KEPT_MAX) this.#free.shift()?.destroy();
  }
}
