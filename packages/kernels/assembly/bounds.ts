/**
 * Picks, from a list of rows in any order, those that may be among the k nearest to a query, without a word to the caller about the
 * others. Of each row there are int8 codes and how far they are from the row itself, so that what a row's score is at
 * most and at least is certain. A row whose most is less than the least of k others is none of the k nearest.
 *
 * A row begins with its scale, that distance and its length (rounded up), float32 each, and the sum of its codes, an
 * int32; then come the codes, a multiple of 16 bytes, those beyond the dimension zero.
 *
 * A query is two planes of codes of 7 bits, the second of what the first lacks: nearly all rows are told apart by the first. The
 * instruction wants them positive, so 64 is added to each, and 64 times the sum of the row's codes taken off.
 */
const HEADER: usize = 16;
const OFFSET: i32 = 64;
/** What rounding in double and single precision may add, by far, to a product of two lengths. */
const SLACK: f64 = 1e-6;

/** Of a query, before its planes; `heap`, `kept` and `planes` are addresses. `size` scores of at most `k` are in the heap. */
@unmanaged
class Query {
  length: f64;
  /** What a code of each plane stands for, and how far the query is from what is known with it. */
  step: f64;
  error: f64;
  stepFine: f64;
  errorFine: f64;
  /** 1 where none of the k nearest may be lost, 0 where rows rank by their codes alone. */
  certain: f64;
  k: i32;
  size: i32;
  heap: u32;
  kept: u32;
  planes: u32;
  /** 0 for the dot product, 1 for twice it less the row's squared length. */
  distance: i32;
}

@unmanaged
class Kept {
  /** By the codes; infinite where nothing is known. */
  score: f64;
  /** Its place in the list. */
  place: u32;
  /** How far off the score may be. */
  slop: f32;
}

/** Of the call in progress: the rows kept, and the score to reach. */
let found = 0;
let floor: f64 = 0;
/** The same score, and what the scores of four rows take, in single precision; see `reaching`. */
let floorSingle: f32 = 0;
let step: f32 = 0;
let perError: f32 = 0;
let perReach: f32 = 0;

/**
 * Looks at `count` rows, whose numbers are at `list`, and answers how many it kept. The rows that are `counted` are known
 * to be wanted, and what they score at least goes into the heap, its lowest first.
 *
 * Four rows at a time, so that each part of the query is loaded once for all of them, and while one waits for memory so
 * do the others.
 */
export function boundRows(table: usize, list: usize, count: i32, stride: i32, query: Query, counted: bool): i32 {
  const plane = <usize>query.planes;
  const bytes = <usize>stride;
  const rowBytes = HEADER + bytes;
  const fours = count & ~3;
  begin(query);
  let place = 0;
  for (; place < fours; place += 4) {
    const at = list + ((<usize>place) << 2);
    const first = table + <usize>load<u32>(at) * rowBytes;
    const second = table + <usize>load<u32>(at, 4) * rowBytes;
    const third = table + <usize>load<u32>(at, 8) * rowBytes;
    const fourth = table + <usize>load<u32>(at, 12) * rowBytes;
    let a = i32x4.splat(0),
      b = i32x4.splat(0),
      c = i32x4.splat(0),
      d = i32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const against = v128.load(plane + i);
      a = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(first + i, HEADER), against, a);
      b = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(second + i, HEADER), against, b);
      c = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(third + i, HEADER), against, c);
      d = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(fourth + i, HEADER), against, d);
    }
    const ab = pairs(a, b);
    const cd = pairs(c, d);
    const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
    const reach = reaching(
      sums,
      v128.load(first),
      v128.load(second),
      v128.load(third),
      v128.load(fourth),
      query.distance,
    );
    if (reach === 0) continue;
    if (reach & 1) keep(first, i32x4.extract_lane(sums, 0), query, stride, place, counted);
    if (reach & 2) keep(second, i32x4.extract_lane(sums, 1), query, stride, place + 1, counted);
    if (reach & 4) keep(third, i32x4.extract_lane(sums, 2), query, stride, place + 2, counted);
    if (reach & 8) keep(fourth, i32x4.extract_lane(sums, 3), query, stride, place + 3, counted);
  }
  for (; place < count; place++) {
    const row = table + <usize>load<u32>(list + ((<usize>place) << 2)) * rowBytes;
    keep(row, dotCodes(row + HEADER, plane, bytes), query, stride, place, counted);
  }
  return found;
}

function begin(query: Query): void {
  found = 0;
  const length = query.length;
  step = <f32>query.step;
  perError = <f32>(query.certain * length * (1 + SLACK));
  // By both planes a row may reach a little further than by the first. Rounding to single precision, of a product of at
  // most these lengths, comes on top.
  perReach = <f32>((query.error + 2 * query.errorFine + 2 * SLACK * (length + query.error)) * (1 + SLACK));
  setFloor(query, query.size === query.k ? load<f64>(<usize>query.heap) : -Infinity);
}

/** Single precision is of use for queries of usual lengths; without it no row is told apart at first sight. */
function setFloor(query: Query, to: f64): void {
  floor = to;
  const usual = query.length > 1e-18 && query.length < 1e18 && to > -1e38 && to < 1e38;
  floorSingle = usual ? <f32>(to - abs(to) * SLACK - 1e-40) : -Infinity;
}

/** The sums of lanes 0 and 2 of both, and those of lanes 1 and 3. */
function pairs(a: v128, b: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
}

/**
 * The rows of four, a bit for each, that may reach the floor, or of which nothing is known. Their sums by the first plane
 * are given, and what is known of each of them. In single precision, and so a little too many.
 */
function reaching(sums: v128, first: v128, second: v128, third: v128, fourth: v128, distance: i32): i32 {
  const low = v128.shuffle<i32>(first, second, 0, 4, 1, 5);
  const high = v128.shuffle<i32>(first, second, 2, 6, 3, 7);
  const lowNext = v128.shuffle<i32>(third, fourth, 0, 4, 1, 5);
  const highNext = v128.shuffle<i32>(third, fourth, 2, 6, 3, 7);
  const scale = v128.shuffle<i32>(low, lowNext, 0, 1, 4, 5);
  const error = v128.shuffle<i32>(low, lowNext, 2, 3, 6, 7);
  const length = v128.shuffle<i32>(high, highNext, 0, 1, 4, 5);
  const offset = i32x4.mul(v128.shuffle<i32>(high, highNext, 2, 3, 6, 7), i32x4.splat(OFFSET));
  const product = f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(sums, offset)), f32x4.splat(step));
  const slop = f32x4.add(
    f32x4.mul(error, f32x4.splat(perError)),
    f32x4.mul(f32x4.add(length, error), f32x4.splat(perReach)),
  );
  let most = f32x4.add(f32x4.mul(product, scale), slop);
  if (distance) {
    const square = f32x4.mul(f32x4.mul(length, length), f32x4.splat(<f32>(1 - 6 * SLACK)));
    most = f32x4.sub(f32x4.add(most, most), square);
  }
  const known = f32x4.lt(length, f32x4.splat(f32.MAX_VALUE));
  return 15 & ~i32x4.bitmask(v128.and(f32x4.lt(most, f32x4.splat(floorSingle)), known));
}

/** Keeps a row, whose sum by the first plane is given, if it may be among the best by both. */
function keep(row: usize, sum: i32, query: Query, stride: i32, place: i32, counted: bool): void {
  const scale = <f64>load<f32>(row);
  const error = <f64>load<f32>(row, 4);
  const length = <f64>load<f32>(row, 8);
  const offset = load<i32>(row, 12) * OFFSET;
  const square = query.distance ? length * length : 0;
  const reach = length + error;
  const fixed = query.length * (error + SLACK * reach);
  const unknown = query.certain > 0 && length >= f32.MAX_VALUE;
  let dot = <f64>(sum - offset) * query.step * scale;
  const fine = <usize>query.planes + <usize>stride;
  dot += <f64>(dotCodes(row + HEADER, fine, <usize>stride) - offset) * query.stepFine * scale;
  const score = valueOf(dot, square, query.distance);
  const slop = spreadOf(fixed + query.errorFine * reach, square, query.distance);
  if (score + query.certain * slop < floor && !unknown) return;
  const kept = changetype<Kept>(<usize>query.kept + ((<usize>found) << 4));
  kept.score = unknown ? Infinity : score;
  kept.place = place;
  kept.slop = <f32>(slop * (1 + SLACK));
  found++;
  if (counted && !unknown) count(query, score - query.certain * slop);
}

function count(query: Query, least: f64): void {
  const heap = <usize>query.heap;
  if (query.size < query.k) {
    siftUp(heap, query.size++, least);
    if (query.size === query.k) setFloor(query, load<f64>(heap));
  } else if (least > floor) {
    siftDown(heap, query.k, least);
    setFloor(query, load<f64>(heap));
  }
}

function valueOf(dot: f64, square: f64, distance: i32): f64 {
  return distance ? 2 * dot - square : dot;
}

/** The length was rounded up by SLACK, or in single precision twice that, and its square by as much again. */
function spreadOf(slop: f64, square: f64, distance: i32): f64 {
  return distance ? 2 * slop + square * (4 * SLACK) : slop;
}

/**
 * Writes a row: `bytes` codes such that each times the scale is about the component, and before them what is known of the
 * row. A length that single precision has no number for is the largest that it has.
 */
export function encodeRow(vector: usize, row: usize, bytes: i32): void {
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>bytes; i += 4) most = f32x4.max(most, f32x4.abs(v128.load(vector + (i << 2))));
  const scale =
    max(
      max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
      max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
    ) / 127;
  // Of the smallest of vectors the scale is zero, and so are the codes.
  const divisor = f32x4.splat(scale === 0 ? Infinity : scale);
  const lowest = i8x16.splat(-127);
  for (let i: usize = 0; i < <usize>bytes; i += 8) {
    const at = vector + (i << 2);
    const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.div(v128.load(at), divisor)));
    const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.div(v128.load(at, 16), divisor)));
    const words = i16x8.narrow_i32x4_s(low, high);
    v128.store64_lane(row + HEADER + i, i8x16.max_s(i8x16.narrow_i16x8_s(words, words), lowest), 0);
  }
  let error: f64 = 0,
    square: f64 = 0,
    sum = 0;
  for (let i: usize = 0; i < <usize>bytes; i++) {
    const x = <f64>load<f32>(vector + (i << 2));
    const code = <i32>load<i8>(row + HEADER + i);
    const off = x - <f64>code * <f64>scale;
    error += off * off;
    square += x * x;
    sum += code;
  }
  store<f32>(row, scale);
  store<f32>(row, roundedUp(Math.sqrt(error)), 4);
  store<f32>(row, roundedUp(Math.sqrt(square)), 8);
  store<i32>(row, sum, 12);
}

/** So that in single precision it is no less than it was. */
function roundedUp(x: f64): f32 {
  return x === 0 ? 0 : <f32>min(x * (1 + SLACK) + 1.5e-45, <f64>f32.MAX_VALUE);
}

function dotCodes(codes: usize, plane: usize, bytes: usize): i32 {
  let a = i32x4.splat(0),
    b = i32x4.splat(0);
  const unrolledEnd = bytes & ~31;
  let i: usize = 0;
  for (; i < unrolledEnd; i += 32) {
    a = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(codes + i), v128.load(plane + i), a);
    b = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(codes + i, 16), v128.load(plane + i, 16), b);
  }
  if (i < bytes) a = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(codes + i), v128.load(plane + i), a);
  return laneSum(i32x4.add(a, b));
}

function laneSum(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

function siftUp(heap: usize, start: i32, score: f64): void {
  let at = start;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = load<f64>(heap + ((<usize>parent) << 3));
    if (above <= score) break;
    store<f64>(heap + ((<usize>at) << 3), above);
    at = parent;
  }
  store<f64>(heap + ((<usize>at) << 3), score);
}

function siftDown(heap: usize, size: i32, score: f64): void {
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f64>(heap + ((<usize>(child + 1)) << 3)) < load<f64>(heap + ((<usize>child) << 3)))
      child++;
    const below = load<f64>(heap + ((<usize>child) << 3));
    if (below >= score) break;
    store<f64>(heap + ((<usize>at) << 3), below);
    at = child;
  }
  store<f64>(heap + ((<usize>at) << 3), score);
}
