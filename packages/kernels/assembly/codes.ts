/**
 * Scans of rows that hold a bit for each component instead of the component. A row begins with its length, a float32;
 * where distances are wanted its squared length follows, another. Then come the bits, a multiple of 8 bytes, those
 * beyond the dimension zero. Rows follow each other without a gap, so that loads are not aligned.
 *
 * What is computed approximates the dot product (or twice it, less the row's squared length, which ranks as the distance
 * does). Scores are computed in double precision and kept within float32: no row is lost to an infinity or a NaN.
 */

/** Bits of a component of a query that is compared with bits. */
const PLANES: usize = 6;

/** Writes one bit for each component, set where it is above zero. `bytes` of codes are `bytes * 8` components. */
export function encodeBits(vector: usize, codes: usize, bytes: i32): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>bytes; i++) {
    const at = vector + (i << 5);
    const low = i32x4.bitmask(f32x4.gt(v128.load(at), zero));
    const high = i32x4.bitmask(f32x4.gt(v128.load(at, 16), zero));
    store<u8>(codes + i, <u8>(low | (high << 4)));
  }
}

/**
 * `query` is the sum of its codes, an int64, and then for each 64 components their codes as PLANES words of 64 bits: the
 * codes' lowest bits, their second ones and so on, in two's complement.
 */
export function scanBits(rows: usize, query: usize, scores: usize, count: i32, bytes: i32, factor: f64): void {
  for (let row = 0; row < count; row++) {
    const sum = <f64>dotBits(rows + 4, query, bytes);
    store<f32>(scores + ((<usize>row) << 2), bounded(sum * <f64>load<f32>(rows) * factor));
    rows += 4 + bytes;
  }
}

export function scanBitsDistance(rows: usize, query: usize, scores: usize, count: i32, bytes: i32, factor: f64): void {
  for (let row = 0; row < count; row++) {
    const dot = <f64>dotBits(rows + 8, query, bytes) * <f64>load<f32>(rows) * factor;
    store<f32>(scores + ((<usize>row) << 2), bounded(2 * dot - <f64>load<f32>(rows, 4)));
    rows += 8 + bytes;
  }
}

/** Moves the row numbers of all rows whose score is at least `floor` to `found`, and answers how many they are. */
export function selectFrom(scores: usize, found: usize, count: i32, floor: f32): i32 {
  let selected = 0;
  const least = f32x4.splat(floor);
  // The scores beyond the count are read along, which their memory has room for, and left out below.
  for (let row = 0; row < count; row += 4) {
    const at = scores + ((<usize>row) << 2);
    if (!v128.any_true(f32x4.ge(v128.load(at), least))) continue;
    for (let next = row; next < min(row + 4, count); next++) {
      if (load<f32>(scores + ((<usize>next) << 2)) >= floor) {
        store<i32>(found + ((<usize>selected) << 2), next);
        selected++;
      }
    }
  }
  return selected;
}

/**
 * The sum of the query's codes, each with the sign that the row's bit stands for. Counted 64 at a time: processors have
 * that as one instruction, and seldom the one for 128.
 */
function dotBits(codes: usize, query: usize, bytes: i32): i64 {
  let a: i64 = 0,
    b: i64 = 0,
    c: i64 = 0,
    d: i64 = 0,
    e: i64 = 0,
    f: i64 = 0;
  let planes = query + 8;
  for (let i: usize = 0; i < <usize>bytes; i += 8) {
    const bits = load<i64>(codes + i);
    a += popcnt(bits & load<i64>(planes));
    b += popcnt(bits & load<i64>(planes, 8));
    c += popcnt(bits & load<i64>(planes, 16));
    d += popcnt(bits & load<i64>(planes, 24));
    e += popcnt(bits & load<i64>(planes, 32));
    f += popcnt(bits & load<i64>(planes, 40));
    planes += PLANES << 3;
  }
  const above = a + (b << 1) + (c << 2) + (d << 3) + (e << 4) - (f << 5);
  return (above << 1) - load<i64>(query);
}

function bounded(score: f64): f32 {
  return <f32>max(<f64>-f32.MAX_VALUE, min(<f64>f32.MAX_VALUE, score));
}
