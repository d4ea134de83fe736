import { setTimeout as sleep } from 'node:timers/promises';
import type { GpuMode } from '@vectorizer/contracts';
import type { EngineLogger } from '../shard/logger.ts';
import { GpuDevice } from './gpu-device.ts';
import { GpuSearch } from './gpu-search.ts';

/** Finding a device loads a driver, which may hang. */
const ACQUIRE_MS_MAX = 10_000;

/** A device, and what searches on it for everybody. */
export type OpenGpu = { readonly device: GpuDevice; readonly search: GpuSearch };
/** What a collection gets instead. */
export type NoGpu = { readonly reason: string };

/** This process's device: looked for when the first collection asks, and shared by all. It is not looked for again. */
export class Gpu {
  readonly #mode: GpuMode;
  readonly #logger: EngineLogger | undefined;
  readonly #warned = new Set<string>();
  #found: Promise<OpenGpu | NoGpu> | undefined;

  constructor(options: { readonly mode: GpuMode; readonly logger?: EngineLogger }) {
    this.#mode = options.mode;
    this.#logger = options.logger;
  }

  async acquire(): Promise<OpenGpu | NoGpu> {
    this.#found ??= this.#find();
    const found = await this.#found;
    return 'device' in found && found.device.lost !== undefined ? { reason: found.device.lost } : found;
  }

  /** Once for each cause, however many collections it concerns. */
  warn(reason: string): void {
    const cause = reason.split(':', 1)[0] ?? reason;
    if (this.#warned.has(cause)) return;
    this.#warned.add(cause);
    this.#logger?.warn({ reason }, 'gpu collections are searched on the processor');
  }

  async #find(): Promise<OpenGpu | NoGpu> {
    if (this.#mode === 'off') return { reason: 'switched off' };
    try {
      const late = sleep(ACQUIRE_MS_MAX, { reason: `no device within ${ACQUIRE_MS_MAX} ms` }, { ref: false });
      return await Promise.race([open(this.#mode), late]);
    } catch (cause) {
      return { reason: `no device: ${cause instanceof Error ? cause.message : String(cause)}` };
    }
  }
}

async function open(mode: GpuMode): Promise<OpenGpu | NoGpu> {
  // Loaded only where it is asked for: it is 20 MB, and absent on some platforms.
  const { create } = await import('webgpu');
  const instance = create([]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return { reason: 'no adapter' };
  const { description, device: model, vendor, isFallbackAdapter } = adapter.info;
  const name = description || model || vendor || 'unnamed';
  if (isFallbackAdapter && mode !== 'software') return { reason: `no adapter but one in software: ${name}` };
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } });
  const opened = new GpuDevice(device, { name, instance });
  return { device: opened, search: new GpuSearch(opened) };
}
