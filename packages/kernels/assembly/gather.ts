/**
 * sums[i] = codes[rows[i]] · query, for `count` rows in any order. Codes are int8, the query is int16; a row takes
 * `stride` bytes, a multiple of 16, of which those beyond the dimension are zero. The caller chooses the size of the
 * query's numbers such that no sum leaves 32 bits.
 */
export function gatherInt8(codes: usize, query: usize, rows: usize, sums: usize, count: i32, stride: i32): void {
  const end = <usize>stride;
  for (let i: usize = 0; i < <usize>count; i++) {
    const row = codes + <usize>load<u32>(rows + (i << 2)) * end;
    let a = i32x4.splat(0),
      b = i32x4.splat(0);
    for (let at: usize = 0; at < end; at += 16) {
      const against = query + (at << 1);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(row + at), v128.load(against)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(row + at, 8), v128.load(against, 16)));
    }
    const sum = i32x4.add(a, b);
    store<i32>(
      sums + (i << 2),
      i32x4.extract_lane(sum, 0) +
        i32x4.extract_lane(sum, 1) +
        (i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3)),
    );
  }
}
