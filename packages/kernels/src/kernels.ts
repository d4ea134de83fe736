import { readFileSync } from 'node:fs';

type ScanArguments = [rows: number, query: number, scores: number, count: number, stride: number];
type SelectArguments = [scores: number, found: number, heap: number, count: number, k: number];

/** What assembly/index.ts exports; addresses are bytes into the memory. */
export type Kernels = {
  readonly scanDot: (...scan: ScanArguments) => void;
  readonly scanSquaredL2: (...scan: ScanArguments) => void;
  readonly selectTop: (...select: SelectArguments) => number;
};

let compiled: WebAssembly.Module | undefined;

/** The kernels over one memory. The module is compiled once per process. */
export function kernelsOver(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../build/kernels.wasm', import.meta.url)));
  return new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as Kernels;
}

function abort(): never {
  throw new Error('a kernel aborted');
}
