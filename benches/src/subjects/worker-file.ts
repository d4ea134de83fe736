/** The file of a worker thread beside `base`: the source when this runs from source, else what was compiled. */
export function workerFile(path: string, base: string): URL {
  return new URL(`${path}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
