import { Embeddings } from '@langchain/core/embeddings';

const DIMENSION = 128;

/** A bag of hashed words: texts are near to each other by the words that they share. No model, and the same every time. */
export class ToyEmbeddings extends Embeddings {
  constructor() {
    super({});
  }

  async embedDocuments(texts: string[]): Promise<number[][]> {
    return Promise.all(texts.map(async (text) => this.embedQuery(text)));
  }

  async embedQuery(text: string): Promise<number[]> {
    const bag = Array.from({ length: DIMENSION }, () => 0);
    for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
      const place = hashOf(word) % DIMENSION;
      bag[place] = (bag[place] ?? 0) + 1;
    }
    return Promise.resolve(bag);
  }
}

/** FNV-1a. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
