/**
 * Looks how many objects and arrays a body has before it is decoded: an empty one is a byte or two of the body, and some
 * seventy of memory. Both stop as soon as there are more than `most`.
 */

const [QUOTE, BACKSLASH, BRACE, BRACKET] = [0x22, 0x5c, 0x7b, 0x5b];

/** Of JSON, well-formed or not: brackets outside of strings. */
export function hasMoreInJson(bytes: Buffer, most: number): boolean {
  let found = 0;
  for (let at = 0; at < bytes.length && found <= most; at++) {
    const byte = bytes[at];
    if (byte === BRACE || byte === BRACKET) found += 1;
    else if (byte === QUOTE) at = endOfText(bytes, at);
  }
  return found > most;
}

function endOfText(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at - 1;
    while (bytes[before] === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at;
  }
  return bytes.length;
}

/** Bytes that follow the first one of a value, 0xc0 to 0xdf (https://github.com/msgpack/msgpack/blob/master/spec.md). */
const FOLLOW = [
  0, 0, 0, 0, -1, -2, -4, -1, -2, -4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -2, -4, 2, 4, 2, 4,
];
const ARRAY_16 = 0xdc;
/** Of an extension, the type. */
const EXTENSIONS: readonly number[] = [0xc7, 0xc8, 0xc9];

/** Of MessagePack, in which values stand one after the other, nested or not. */
export function hasMoreInMessagePack(bytes: Buffer, most: number): boolean {
  let found = 0;
  for (let at = 0; at < bytes.length && found <= most;) {
    const byte = bytes[at] ?? 0;
    at += 1;
    if (byte >= 0xc0 && byte <= 0xdf) {
      const follow = FOLLOW[byte - 0xc0] ?? 0;
      if (byte >= ARRAY_16) found += 1;
      at += follow >= 0 ? follow : lengthAt(bytes, at, -follow) - follow + (EXTENSIONS.includes(byte) ? 1 : 0);
    } else if (byte >= 0xa0 && byte < 0xc0) at += byte & 0x1f;
    else if (byte >= 0x80 && byte < 0xa0) found += 1;
  }
  return found > most;
}

function lengthAt(bytes: Buffer, at: number, size: number): number {
  return at + size <= bytes.length ? bytes.readUIntBE(at, size) : bytes.length;
}
