import { setTimeout as sleep } from 'node:timers/promises';

/** WebGPU's flags, which exist as globals in browsers only. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
export const MAP_READ = 0x1;

const SCOPES = ['validation', 'out-of-memory', 'internal'] as const;

/** Work that takes longer than this will not end. */
const WORK_MS_MAX = 30_000;

/**
 * A device of this process, for as long as it works. Whoever uses it hears once when it is lost; what is submitted
 * afterwards comes to nothing and says so.
 */
export class GpuDevice {
  readonly device: GPUDevice;
  readonly name: string;
  readonly #listeners = new Set<(reason: string) => void>();
  #lost: string | undefined;

  /** Of Dawn: what is made by it crashes the process once it has been collected as garbage. */
  readonly instance: GPU;

  constructor(device: GPUDevice, made: { readonly name: string; readonly instance: GPU }) {
    this.device = device;
    this.name = made.name;
    this.instance = made.instance;
    void device.lost.then(({ reason, message }) => this.fail(`the device was lost (${reason}): ${message}`));
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.fail(`the device refused work: ${event.error.message}`);
    });
  }

  /** Why the device is of no more use. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** Answers how to stop listening. */
  onLost(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** `onFailure` is told when there is no memory for it; what is done with the buffer then has no effect. */
  allocate(size: number, usage: number, onFailure: (reason: string) => void): GPUBuffer {
    return this.watch(
      () => this.device.createBuffer({ size, usage }),
      (reason) => onFailure(`out of memory: no ${size} bytes more: ${reason}`),
    );
  }

  /** Runs a task that hands work to the device, and tells what the device has against that work. */
  watch<T>(task: () => T, onFailure: (reason: string) => void): T {
    const { device } = this;
    for (const scope of SCOPES) device.pushErrorScope(scope);
    try {
      return task();
    } finally {
      for (const _ of SCOPES) {
        device.popErrorScope().then(
          (error) => {
            if (error !== null) onFailure(error.message);
          },
          () => undefined, // Lost, which the listeners hear of.
        );
      }
    }
  }

  /** Waits for work of the device, which may hang. */
  async bounded<T>(work: Promise<T>): Promise<T> {
    const waiting = new AbortController();
    const late = sleep(WORK_MS_MAX, undefined, { signal: waiting.signal, ref: false }).then(() => {
      const reason = `the device did not answer within ${WORK_MS_MAX} ms`;
      this.fail(reason);
      throw new Error(reason);
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([work, late]);
    } finally {
      waiting.abort();
    }
  }

  /** From here on nobody uses it. */
  fail(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
    this.device.destroy();
  }
}
