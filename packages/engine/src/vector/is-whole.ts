import { open } from 'node:fs/promises';

/** Thirteen figures: the third is how many elements there are, the fourth how many bytes each has. */
const HEADER_BYTES = 96;
const [COUNT_AT, ELEMENT_BYTES_AT] = [16, 24];
const LENGTH_BYTES = 4;
const PIECE_BYTES = 256 * 1024;

/**
 * Whether all of a graph is in its file. Behind hnswlib's header are the elements, all of one size, then for each of them how
 * many bytes of links its upper levels have, and these: a small part of the file, and all of it that is read.
 */
export async function isWhole(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    if (size < HEADER_BYTES) return false;
    await handle.read(header, 0, HEADER_BYTES, 0);
    const [count, elementBytes] = [header.readBigUInt64LE(COUNT_AT), header.readBigUInt64LE(ELEMENT_BYTES_AT)];
    const piece = Buffer.alloc(PIECE_BYTES);
    let at = HEADER_BYTES + Number(count * elementBytes);
    let pieceAt = -PIECE_BYTES;
    for (let element = 0; element < Number(count); element++) {
      if (at + LENGTH_BYTES > size) return false;
      if (at + LENGTH_BYTES > pieceAt + PIECE_BYTES) {
        pieceAt = at;
        await handle.read(piece, 0, PIECE_BYTES, at);
      }
      at += LENGTH_BYTES + piece.readUInt32LE(at - pieceAt);
    }
    return at === size;
  } finally {
    await handle.close();
  }
}
