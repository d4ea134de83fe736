import type { Metric } from '@vectorizer/contracts';

/**
 * What runs on the GPU for a batch of queries, in this order:
 *
 * 1. *score*: each row's score for each query, as an integer that sorts like the score. 0 stands for a row that the
 *    query's mask leaves out.
 * 2. *count* and *pick*, three times: the k-th best score by radix selection, eleven bits at a time from the top. A
 *    histogram tells in which bin the k-th best is; the next round looks into that bin alone.
 * 3. *gather*: the rows above that score, and those that tie with it.
 *
 * So k costs nothing, and only what was found is read back.
 */
export const GROUP = 256;
/** Rows that a group scores together, by either kernel. */
export const ROWS_OF_GROUP = 64;
/** For one query: threads that share a row, since neighbours read neighbouring memory, and rows that a thread takes part in. */
const LANES = 16;
const ROWS_OF_LANE = (ROWS_OF_GROUP * LANES) / GROUP;
/** For many: vec4s of each row and query that a group holds at a time. */
const STEP = 8;
/** For many: the rows and queries of a thread, which keeps their scores in registers. */
const ROWS_OF_THREAD = 4;
const QUERIES_OF_THREAD = 2;
const COLUMNS = (GROUP * ROWS_OF_THREAD) / ROWS_OF_GROUP;
/** The bits of a key that each round decides. */
export const ROUNDS = [
  { shift: 21, bits: 11 },
  { shift: 10, bits: 11 },
  { shift: 0, bits: 10 },
] as const;
const BINS = 2_048;
/** u32 words that a query's selection needs: its bins, then prefix, remaining, above, ties. */
export const SELECTION_WORDS = BINS + 4;
/** u32 words of a query's answer before the pairs of row and key: stamp, above, ties, room for pairs. */
export const ANSWER_HEADER_WORDS = 4;
/** Rows that one thread looks at in a pass over the keys. */
export const KEYS_OF_THREAD = 16;
/** Queries that are scored together, so that a row is read once for all of them. */
export const QUERIES_OF_PASS = COLUMNS * QUERIES_OF_THREAD;

/** What every kernel is told: of the batch, and for *score* of the segment. */
const PARAMETERS = /* wgsl */ `
struct Parameters {
  /** Rows of all segments; the stride of the keys. */
  rows: u32,
  /** Vec4s of a row. */
  width: u32,
  /** The segment's first row, and how many it has. */
  base: u32,
  count: u32,
  stamp: u32,
  /** Words of a query's answer. */
  answer: u32,
  /** The pass's first query, and how many it has. */
  query: u32,
  queries: u32,
}
/** How many are asked for, and where the mask begins (in words), if there is one. */
struct Query { k: u32, mask: u32 }
const NO_MASK = 0xffffffffu;
`;

/** What both ways to score have in common. */
const SCORE = /* wgsl */ `${PARAMETERS}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> segment: array<vec4f>;
@group(0) @binding(2) var<storage, read> vectors: array<vec4f>;
@group(0) @binding(3) var<storage, read> queries: array<Query>;
@group(0) @binding(4) var<storage, read> masks: array<u32>;
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;

/** Sorts like the score; never 0. What is not a number, which only an overflow makes, sorts last. */
fn keyOf(score: f32) -> u32 {
  let bits = bitcast<u32>(score);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 1u; }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

/** Of a row of the segment, for a query of the pass; those that are not there are left out. */
fn put(row: u32, q: u32, score: f32) {
  if (row >= p.count || q >= p.queries) { return; }
  let at = p.base + row;
  let query = queries[p.query + q];
  var wanted = true;
  if (query.mask != NO_MASK) { wanted = ((masks[query.mask + at / 32u] >> (at % 32u)) & 1u) == 1u; }
  keys[(p.query + q) * p.rows + at] = select(0u, keyOf(score), wanted);
}
`;

/** Unrolled by text: arrays indexed by variables would not stay in registers. */
function each(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join('\n');
}

/** One query, as fast as the rows can be read. */
export function scoreOneKernel(metric: Metric): string {
  const add = (x: string): string =>
    metric === 'euclidean' ? `let d${x} = ${x} - q; sum_${x} -= d${x} * d${x};` : `sum_${x} += ${x} * q;`;
  return /* wgsl */ `${SCORE}
var<workgroup> partial: array<f32, ${GROUP * ROWS_OF_LANE}>;

@compute @workgroup_size(${GROUP})
fn score(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let lane = t % ${LANES}u;
  let first = p.query * p.width;
  let tiles = (p.count + ${ROWS_OF_GROUP - 1}u) / ${ROWS_OF_GROUP}u;
  for (var tile = group.x; tile < tiles; tile += groups.x) {
    ${each(ROWS_OF_LANE, (r) => `let row${r} = min(tile * ${ROWS_OF_GROUP}u + ${(r * GROUP) / LANES}u + t / ${LANES}u, p.count - 1u) * p.width; var sum_x${r} = vec4f();`)}
    for (var i = lane; i < p.width; i += ${LANES}u) {
      let q = vectors[first + i];
      ${each(ROWS_OF_LANE, (r) => `let x${r} = segment[row${r} + i];`)}
      ${each(ROWS_OF_LANE, (r) => add(`x${r}`))}
    }
    ${each(ROWS_OF_LANE, (r) => `partial[${r * GROUP}u + t] = dot(sum_x${r}, vec4f(1.0));`)}
    workgroupBarrier();
    if (t < ${ROWS_OF_GROUP}u) {
      var sum = 0.0;
      for (var l = 0u; l < ${LANES}u; l++) { sum += partial[t * ${LANES}u + l]; }
      put(tile * ${ROWS_OF_GROUP}u + t, 0u, sum);
    }
    workgroupBarrier();
  }
}`;
}

/** Many queries: a product of matrices, tile by tile, so that each value that is read serves many. */
export function scoreManyKernel(metric: Metric): string {
  const pairs = (text: (r: number, q: number) => string): string =>
    each(ROWS_OF_THREAD, (r) => each(QUERIES_OF_THREAD, (q) => text(r, q)));
  const add = (r: number, q: number): string =>
    metric === 'euclidean'
      ? `{ let d = x${r} - q${q}; sum${r}_${q} -= dot(d, d); }`
      : `sum${r}_${q} += dot(x${r}, q${q});`;
  return /* wgsl */ `${SCORE}
const STEP = ${STEP}u;
const ROWS = ${ROWS_OF_GROUP}u;
const QUERIES = ${QUERIES_OF_PASS}u;
/** By position first: neighbouring threads read neighbouring queries. */
var<workgroup> rowTile: array<vec4f, ${STEP * ROWS_OF_GROUP}>;
var<workgroup> queryTile: array<vec4f, ${STEP * QUERIES_OF_PASS}>;

@compute @workgroup_size(${GROUP})
fn score(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let r = (t / ${COLUMNS}u) * ${ROWS_OF_THREAD}u;
  let c = t % ${COLUMNS}u;
  let tiles = (p.count + ROWS - 1u) / ROWS;
  for (var tile = group.x; tile < tiles; tile += groups.x) {
    ${pairs((row, q) => `var sum${row}_${q} = 0.0;`)}
    for (var at = 0u; at < p.width; at += STEP) {
      for (var u = t; u < STEP * ROWS; u += ${GROUP}u) {
        let i = at + u % STEP;
        var x = vec4f();
        if (i < p.width) { x = segment[min(tile * ROWS + u / STEP, p.count - 1u) * p.width + i]; }
        rowTile[(u % STEP) * ROWS + u / STEP] = x;
      }
      for (var u = t; u < STEP * QUERIES; u += ${GROUP}u) {
        let i = at + u % STEP;
        var q = vec4f();
        if (i < p.width && u / STEP < p.queries) { q = vectors[(p.query + u / STEP) * p.width + i]; }
        queryTile[(u % STEP) * QUERIES + u / STEP] = q;
      }
      workgroupBarrier();
      for (var s = 0u; s < STEP; s++) {
        ${each(QUERIES_OF_THREAD, (q) => `let q${q} = queryTile[s * QUERIES + c + ${q * COLUMNS}u];`)}
        ${each(ROWS_OF_THREAD, (row) => `let x${row} = rowTile[s * ROWS + r + ${row}u];`)}
        ${pairs(add)}
      }
      workgroupBarrier();
    }
    ${pairs((row, q) => `put(tile * ROWS + r + ${row}u, c + ${q * COLUMNS}u, sum${row}_${q});`)}
  }
}`;
}

/** The kernels of the selection; `workgroup_id.y` is the query. */
export const SELECT_KERNELS = /* wgsl */ `${PARAMETERS}
override shift: u32;
override bits: u32;
const BINS = ${BINS}u;
const PREFIX = BINS;
const REMAINING = BINS + 1u;
const ABOVE = BINS + 2u;
const TIES = BINS + 3u;

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(3) var<storage, read> queries: array<Query>;
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> selections: array<atomic<u32>>;
@group(0) @binding(7) var<storage, read_write> answers: array<u32>;

var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> sums: array<u32, ${GROUP}>;

fn first(shift: u32, bits: u32) -> bool { return shift + bits == 32u; }
/** Whether a row is wanted, and in the bin that the rounds before have picked. */
fn inBin(key: u32, prefix: u32) -> bool {
  return key != 0u && (first(shift, bits) || (key >> ((shift + bits) & 31u)) == prefix);
}

@compute @workgroup_size(${GROUP})
fn count(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let selection = group.y * ${SELECTION_WORDS}u;
  for (var b = t; b < BINS; b += ${GROUP}u) { atomicStore(&bins[b], 0u); }
  workgroupBarrier();
  let prefix = atomicLoad(&selections[selection + PREFIX]);
  for (var row = group.x * ${GROUP}u + t; row < p.rows; row += groups.x * ${GROUP}u) {
    let key = keys[group.y * p.rows + row];
    if (inBin(key, prefix)) { atomicAdd(&bins[(key >> shift) & ((1u << bits) - 1u)], 1u); }
  }
  workgroupBarrier();
  for (var b = t; b < BINS; b += ${GROUP}u) {
    let found = atomicLoad(&bins[b]);
    if (found != 0u) { atomicAdd(&selections[selection + b], found); }
  }
}

/** Finds the bin of the k-th best among those that are counted, and clears the bins. */
@compute @workgroup_size(${GROUP})
fn pick(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let selection = group.y * ${SELECTION_WORDS}u;
  const SPAN = BINS / ${GROUP}u;
  var sum = 0u;
  for (var b = t * SPAN; b < (t + 1u) * SPAN; b++) { sum += atomicLoad(&selections[selection + b]); }
  sums[t] = sum;
  workgroupBarrier();
  if (t == 0u) {
    var remaining = queries[group.y].k;
    var prefix = 0u;
    if (!first(shift, bits)) {
      remaining = atomicLoad(&selections[selection + REMAINING]);
      prefix = atomicLoad(&selections[selection + PREFIX]);
    }
    var span = ${GROUP - 1}u;
    while (span > 0u && sums[span] < remaining) { remaining -= sums[span]; span--; }
    var b = (span + 1u) * SPAN - 1u;
    while (b > span * SPAN) {
      let here = atomicLoad(&selections[selection + b]);
      if (here >= remaining) { break; }
      remaining -= here;
      b--;
    }
    atomicStore(&selections[selection + PREFIX], (prefix << bits) | b);
    atomicStore(&selections[selection + REMAINING], remaining);
    atomicStore(&selections[selection + ABOVE], 0u);
    atomicStore(&selections[selection + TIES], 0u);
    answers[group.y * p.answer] = p.stamp;
  }
  workgroupBarrier();
  for (var b = t; b < BINS; b += ${GROUP}u) { atomicStore(&selections[selection + b], 0u); }
}

/** Those above the k-th best from the front, those that tie with it behind them from place k on. */
@compute @workgroup_size(${GROUP})
fn gather(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let selection = group.y * ${SELECTION_WORDS}u;
  let answer = group.y * p.answer;
  let room = (p.answer - ${ANSWER_HEADER_WORDS}u) / 2u;
  let k = queries[group.y].k;
  let threshold = atomicLoad(&selections[selection + PREFIX]);
  for (var row = group.x * ${GROUP}u + t; row < p.rows; row += groups.x * ${GROUP}u) {
    let key = keys[group.y * p.rows + row];
    if (key == 0u || key < threshold) { continue; }
    var place: u32;
    if (key > threshold) { place = atomicAdd(&selections[selection + ABOVE], 1u); }
    else { place = k + atomicAdd(&selections[selection + TIES], 1u); }
    if (place < room) {
      answers[answer + ${ANSWER_HEADER_WORDS}u + place * 2u] = row;
      answers[answer + ${ANSWER_HEADER_WORDS}u + place * 2u + 1u] = key;
    }
  }
}

/** Hands the numbers of a query's rows over. */
@compute @workgroup_size(1)
fn conclude(@builtin(workgroup_id) group: vec3u) {
  let selection = group.y * ${SELECTION_WORDS}u;
  answers[group.y * p.answer + 1u] = atomicLoad(&selections[selection + ABOVE]);
  answers[group.y * p.answer + 2u] = atomicLoad(&selections[selection + TIES]);
}`;
