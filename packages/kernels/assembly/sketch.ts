/**
 * A first look at rows by one bit for each component of the turned vector: random signs and a Walsh–Hadamard transform
 * spread whatever is in few components over all, so that the signs of what comes out tell as much of any vector. What a row's
 * score is by them, and how far off that usually is, tells most rows apart from the best at a fraction of their codes' cost.
 *
 * Rows lie in groups of 32. For each four components of the turned vector there are 16 bytes: byte j has the four bits of
 * row j below those of row j + 16. A table of a query has, for each four components, what their 16 combinations come to, as
 * 16 bytes: one instruction looks up 16 rows. Then follow three float32 for each row, by kind: by what the sum is
 * multiplied, how far off the product usually is, and what is added to it.
 */
const ROWS: usize = 32;

/** Of a query; `floor` is what a row has to reach, `found` where the numbers of those that may are written. */
@unmanaged
class Sketched {
  step: f32;
  bias: f32;
  error: f32;
  floor: f32;
  table: u32;
  found: u32;
}

/** Turns a vector in place. `size` is a power of two, at least 4; the vector's length grows by the root of that. */
export function turn(vector: usize, signs: usize, size: i32): void {
  const bytes = (<usize>size) << 2;
  const ones = f32x4(1, -1, 1, -1);
  const twos = f32x4(1, 1, -1, -1);
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = f32x4.mul(v128.load(vector + i), v128.load(signs + i));
    const pairs = f32x4.add(f32x4.mul(x, ones), v128.shuffle<f32>(x, x, 1, 0, 3, 2));
    v128.store(vector + i, f32x4.add(f32x4.mul(pairs, twos), v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1)));
  }
  for (let half: usize = 16; half < bytes; half <<= 1) {
    for (let start: usize = 0; start < bytes; start += half << 1) {
      for (let i = start; i < start + half; i += 16) {
        const a = v128.load(vector + i);
        const b = v128.load(vector + i + half);
        v128.store(vector + i, f32x4.add(a, b));
        v128.store(vector + i + half, f32x4.sub(a, b));
      }
    }
  }
}

/** Writes the bits of a turned vector as those of a row of a group; answers the sum of its components' sizes. */
export function encodeSketch(turned: usize, group: usize, row: i32, size: i32): f32 {
  const zero = f32x4.splat(0);
  const upper = row >= 16;
  const at = group + <usize>(row & 15);
  let sizes = zero;
  for (let i: usize = 0; i < (<usize>size) << 2; i += 16) {
    const x = v128.load(turned + i);
    const bits = i32x4.bitmask(f32x4.gt(x, zero));
    const other = <i32>load<u8>(at + i);
    store<u8>(at + i, upper ? (other & 15) | (bits << 4) : (other & 240) | bits);
    sizes = f32x4.add(sizes, f32x4.abs(x));
  }
  return (
    f32x4.extract_lane(sizes, 0) +
    f32x4.extract_lane(sizes, 1) +
    (f32x4.extract_lane(sizes, 2) + f32x4.extract_lane(sizes, 3))
  );
}

/** Writes the numbers of those of the first `count` rows of the groups that may reach the floor, and answers how many they are. */
export function selectSketched(groups: usize, count: i32, size: i32, query: Sketched): i32 {
  const bytes = (<usize>size) << 2;
  const four = i8x16.splat(15);
  let selected = 0;
  for (let first = 0; first < count; first += <i32>ROWS) {
    // Sums of 16 bits: those of even bytes with the odd ones above them, and those of the odd bytes.
    let a = i16x8.splat(0),
      aOdd = i16x8.splat(0),
      b = i16x8.splat(0),
      bOdd = i16x8.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const codes = v128.load(groups + i);
      const table = v128.load(<usize>query.table + i);
      const low = i8x16.relaxed_swizzle(table, v128.and(codes, four));
      const high = i8x16.relaxed_swizzle(table, v128.and(i16x8.shr_u(codes, 4), four));
      a = i16x8.add(a, low);
      aOdd = i16x8.add(aOdd, i16x8.shr_u(low, 8));
      b = i16x8.add(b, high);
      bOdd = i16x8.add(bOdd, i16x8.shr_u(high, 8));
    }
    a = i16x8.sub(a, i16x8.shl(aOdd, 8));
    b = i16x8.sub(b, i16x8.shl(bOdd, 8));
    const facts = groups + bytes;
    let may = reaching(v128.shuffle<i16>(a, aOdd, 0, 8, 1, 9, 2, 10, 3, 11), facts, query);
    may |= reaching(v128.shuffle<i16>(a, aOdd, 4, 12, 5, 13, 6, 14, 7, 15), facts + 32, query) << 8;
    may |= reaching(v128.shuffle<i16>(b, bOdd, 0, 8, 1, 9, 2, 10, 3, 11), facts + 64, query) << 16;
    may |= reaching(v128.shuffle<i16>(b, bOdd, 4, 12, 5, 13, 6, 14, 7, 15), facts + 96, query) << 24;
    if (count - first < <i32>ROWS) may &= (1 << (count - first)) - 1;
    for (; may !== 0; may &= may - 1) {
      store<i32>(<usize>query.found + ((<usize>selected) << 2), first + ctz(may));
      selected++;
    }
    groups = facts + ROWS * 12;
  }
  return selected;
}

/** Of eight rows, a bit for each: what is no number is kept. */
function reaching(sums: v128, facts: usize, query: Sketched): i32 {
  return (
    four(i32x4.extend_low_i16x8_u(sums), facts, query) | (four(i32x4.extend_high_i16x8_u(sums), facts + 16, query) << 4)
  );
}

function four(sums: v128, facts: usize, query: Sketched): i32 {
  const dots = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), f32x4.splat(query.step)), f32x4.splat(query.bias));
  const product = f32x4.mul(dots, v128.load(facts));
  const slop = f32x4.mul(v128.load(facts, 128), f32x4.splat(query.error));
  const most = f32x4.add(f32x4.add(product, slop), v128.load(facts, 256));
  return 15 & ~i32x4.bitmask(f32x4.lt(most, f32x4.splat(query.floor)));
}
