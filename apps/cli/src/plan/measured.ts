/**
 * What a plan is computed from: as `./vectorizer plan --measure` found it, 20,000 × 128 to 100,000 × 256 and 50,000 × 768, on two cores
 * of an AMD EPYC that other programs kept busy, Node 24.21; what a graph's or a scan's own work is, as in docs/BENCHMARKS.md. Bytes, and
 * microseconds of one core.
 */
export const measured = {
  /** An empty process: Node's code and libraries, its heap, the connections to the log servers. */
  indexProcessBytes: 133e6,
  /** The others after some 100,000 points have gone through them. */
  gatewayProcessBytes: 235e6,
  queryProcessBytes: 150e6,
  ingestProcessBytes: 250e6,
  monitorProcessBytes: 146e6,
  /** What writes and searches leave on the heap of an index node: it grows with the first 70,000 points, and no more. */
  workingBytesMin: 20e6,
  workingBytesPerPoint: 900,
  workingBytesMax: 80e6,
  /** Of each point, beside its vector: its id, its place, its versions. */
  heapBytesPerPoint: 490,
  /** Of the key of a point and of its record in the store, beside what is the point's own. */
  storeOverheadBytes: 8,
  /** Of the records that a page of the store has room for. */
  storePageFill: 0.85,
  /** Of a point in the log, beside what is the point's own. */
  logOverheadBytes: 55,
  /** Of a point in the list of what a saved index holds. */
  indexListBytes: 45,
  /** With a search at a time on four connections; with more, it is less. */
  searchGatewayUs: 450,
  searchGatewayUsPerComponent: 0.4,
  searchQueryUs: 430,
  /** For each shard but the first: an answer to be merged. */
  mergeUs: 60,
  searchIndexUs: 250,
  /** Of a graph: for each candidate (`ef`) and power of e of points, with each component. */
  graphVisitUs: 0.105,
  graphVisitUsPerComponent: 0.000_2,
  /** Of codes: bytes that are scanned in a microsecond. */
  scanBytesPerUs: 10_000,
  /** Of a vector that is read from the store to score it. */
  rescoreUs: 5,
  rescoreUsPerComponent: 0.02,
  /** In batches of 500. */
  writeGatewayUs: 10,
  writeGatewayUsPerComponent: 0.27,
  writeIngestUs: 10,
  writeIngestUsPerComponent: 0.15,
  writeIndexUs: 40,
  /** What goes into a graph: with each component. */
  graphInsertUs: 70,
  graphInsertUsPerComponent: 1.3,
} as const;
