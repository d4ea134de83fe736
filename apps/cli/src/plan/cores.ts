import type { Demand } from './demand.ts';
import { measured } from './measured.ts';
import { codeBytes, sketchBytes } from './replica.ts';

/** Microseconds of one core, by service. */
export type Work = {
  readonly gateway: number;
  readonly query: number;
  readonly ingest: number;
  readonly index: number;
};

/** Candidates that are scored again, for each result that is wanted. */
const OVERSAMPLING = { int8: 4, binary: 16 } as const;
/** Of the rows of int8 codes, so many are left after the sketch, at least. */
const SKETCHED_SHARE = 0.01;

/** Of one search; each shard is asked, and `index` is of all of them together. */
export function workOfSearch(demand: Demand, pointsPerShard: number, shards: number): Work {
  const { dimension } = demand;
  return {
    gateway: measured.searchGatewayUs + dimension * measured.searchGatewayUsPerComponent,
    query: measured.searchQueryUs + (shards - 1) * measured.mergeUs,
    ingest: 0,
    index: shards * searchUs(demand, pointsPerShard),
  };
}

/** What a search takes on one shard. */
export function searchUs(demand: Demand, points: number): number {
  const { kind, dimension, ef, k, quantization } = demand;
  if (kind !== 'quantized') {
    const visitUs = measured.graphVisitUs + dimension * measured.graphVisitUsPerComponent;
    return measured.searchIndexUs + ef * Math.log(Math.max(points, Math.E)) * visitUs;
  }
  const looked = quantization === 'int8' ? sketchBytes(dimension) + SKETCHED_SHARE * dimension : codeBytes(demand);
  const rescored = k * OVERSAMPLING[quantization];
  return (
    measured.searchIndexUs +
    (points * looked) / measured.scanBytesPerUs +
    rescored * (measured.rescoreUs + dimension * measured.rescoreUsPerComponent)
  );
}

/** Of one point that is written; `index` is of all replicas together. */
export function workOfWrite({ dimension, kind, replicas }: Demand): Work {
  const graphUs = measured.graphInsertUs + dimension * measured.graphInsertUsPerComponent;
  return {
    gateway: measured.writeGatewayUs + dimension * measured.writeGatewayUsPerComponent,
    query: 0,
    ingest: measured.writeIngestUs + dimension * measured.writeIngestUsPerComponent,
    index: replicas * (measured.writeIndexUs + (kind === 'quantized' ? 0 : graphUs)),
  };
}
