/**
 * Scans of a contiguous buffer of float32 rows. All addresses are bytes into the imported memory and multiples of 16;
 * a row takes `stride` floats, a multiple of 4, of which those beyond the dimension are zero. Zeros change neither a
 * dot product nor a squared distance, so no loop needs a tail. Scores are kept within float32: no row is lost to an
 * infinity or a NaN.
 */

/** scores[i] = rows[i] · query, for `count` rows. */
export function scanDot(rows: usize, query: usize, scores: usize, count: i32, stride: i32): void {
  const rowBytes = (<usize>stride) << 2;
  const unrolledEnd = rowBytes & ~63;
  for (let row = 0; row < count; row++) {
    let a = f32x4.splat(0),
      b = f32x4.splat(0),
      c = f32x4.splat(0),
      d = f32x4.splat(0);
    let i: usize = 0;
    for (; i < unrolledEnd; i += 64) {
      a = f32x4.add(a, f32x4.mul(v128.load(rows + i), v128.load(query + i)));
      b = f32x4.add(b, f32x4.mul(v128.load(rows + i, 16), v128.load(query + i, 16)));
      c = f32x4.add(c, f32x4.mul(v128.load(rows + i, 32), v128.load(query + i, 32)));
      d = f32x4.add(d, f32x4.mul(v128.load(rows + i, 48), v128.load(query + i, 48)));
    }
    for (; i < rowBytes; i += 16) a = f32x4.add(a, f32x4.mul(v128.load(rows + i), v128.load(query + i)));
    store<f32>(scores + ((<usize>row) << 2), sum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))));
    rows += rowBytes;
  }
  bound(scores, count);
}

/** scores[i] = -|rows[i] - query|², for `count` rows: higher is nearer, as for the dot product. */
export function scanSquaredL2(rows: usize, query: usize, scores: usize, count: i32, stride: i32): void {
  const rowBytes = (<usize>stride) << 2;
  const unrolledEnd = rowBytes & ~31;
  for (let row = 0; row < count; row++) {
    let a = f32x4.splat(0),
      b = f32x4.splat(0);
    let i: usize = 0;
    for (; i < unrolledEnd; i += 32) {
      const x = f32x4.sub(v128.load(rows + i), v128.load(query + i));
      const y = f32x4.sub(v128.load(rows + i, 16), v128.load(query + i, 16));
      a = f32x4.add(a, f32x4.mul(x, x));
      b = f32x4.add(b, f32x4.mul(y, y));
    }
    for (; i < rowBytes; i += 16) {
      const x = f32x4.sub(v128.load(rows + i), v128.load(query + i));
      a = f32x4.add(a, f32x4.mul(x, x));
    }
    store<f32>(scores + ((<usize>row) << 2), -sum(f32x4.add(a, b)));
    rows += rowBytes;
  }
  bound(scores, count);
}

/**
 * Finds the score that the k-th best row has or exceeds, and moves the row numbers of all rows at or above it to
 * `found`, whose count it answers; at least min(k, count), more only where scores tie. `heap` is scratch for k floats.
 */
export function selectTop(scores: usize, found: usize, heap: usize, count: i32, k: i32): i32 {
  const threshold = count <= k ? -f32.MAX_VALUE : kthBest(scores, heap, count, k);
  let selected = 0;
  for (let row = 0; row < count; row++) {
    if (load<f32>(scores + ((<usize>row) << 2)) >= threshold) {
      store<i32>(found + ((<usize>selected) << 2), row);
      selected++;
    }
  }
  return selected;
}

/** A min-heap of the k best scores so far; its root is the score to beat. */
function kthBest(scores: usize, heap: usize, count: i32, k: i32): f32 {
  let size = 0;
  for (let row = 0; row < count; row++) {
    const score = load<f32>(scores + ((<usize>row) << 2));
    if (size < k) {
      siftUp(heap, size, score);
      size++;
    } else if (score > load<f32>(heap)) {
      siftDown(heap, k, score);
    }
  }
  return load<f32>(heap);
}

function siftUp(heap: usize, start: i32, score: f32): void {
  let at = start;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = load<f32>(heap + ((<usize>parent) << 2));
    if (above <= score) break;
    store<f32>(heap + ((<usize>at) << 2), above);
    at = parent;
  }
  store<f32>(heap + ((<usize>at) << 2), score);
}

function siftDown(heap: usize, size: i32, score: f32): void {
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + ((<usize>(child + 1)) << 2)) < load<f32>(heap + ((<usize>child) << 2)))
      child++;
    const below = load<f32>(heap + ((<usize>child) << 2));
    if (below >= score) break;
    store<f32>(heap + ((<usize>at) << 2), below);
    at = child;
  }
  store<f32>(heap + ((<usize>at) << 2), score);
}

/**
 * What is no number, as infinities of both signs add up to, ranks last: a NaN would spoil the heap. Four at a time, since for
 * each row it would show; those beyond the count are done along, which their memory has room for.
 */
function bound(scores: usize, count: i32): void {
  const most = f32x4.splat(f32.MAX_VALUE);
  const least = f32x4.splat(-f32.MAX_VALUE);
  const end = scores + ((<usize>count) << 2);
  for (let at = scores; at < end; at += 16) {
    // Each answers its first operand unless the second is beyond it, which a NaN is not.
    v128.store(at, f32x4.pmin(most, f32x4.pmax(least, v128.load(at))));
  }
}

function sum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

export { encodeBits, scanBits, scanBitsDistance, selectFrom } from './codes';
export { boundRows, encodeRow } from './bounds';
export { encodeSketch, selectSketched, turn } from './sketch';
