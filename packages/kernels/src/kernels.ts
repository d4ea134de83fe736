import { readFileSync } from 'node:fs';

type ScanArguments = [rows: number, query: number, scores: number, count: number, stride: number];
type CodeScanArguments = [
  rows: number,
  query: number,
  scores: number,
  count: number,
  codeBytes: number,
  factor: number,
];
type SelectFromArguments = [scores: number, found: number, count: number, floor: number];
type BoundArguments = [table: number, list: number, count: number, stride: number, query: number, counted: boolean];
type SketchArguments = [turned: number, group: number, row: number, size: number];
type SketchedArguments = [groups: number, count: number, size: number, query: number];
type SelectArguments = [scores: number, found: number, heap: number, count: number, k: number];

/** What assembly/index.ts exports; addresses are bytes into the memory. */
export type Kernels = {
  readonly scanDot: (...scan: ScanArguments) => void;
  readonly scanSquaredL2: (...scan: ScanArguments) => void;
  readonly boundRows: (...bound: BoundArguments) => number;
  readonly encodeRow: (vector: number, row: number, codeBytes: number) => void;
  readonly selectTop: (...select: SelectArguments) => number;
  readonly selectFrom: (...select: SelectFromArguments) => number;
  /** See assembly/sketch.ts. */
  readonly turn: (vector: number, signs: number, size: number) => void;
  readonly encodeSketch: (...row: SketchArguments) => number;
  readonly selectSketched: (...select: SketchedArguments) => number;
  readonly encodeBits: (vector: number, codes: number, codeBytes: number) => void;
  readonly scanBits: (...scan: CodeScanArguments) => void;
  readonly scanBitsDistance: (...scan: CodeScanArguments) => void;
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
