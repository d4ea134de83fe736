import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Metric } from '@vectorizer/contracts';
import type { CodeType } from '@vectorizer/kernels';
import { NOTHING_SAVED, readSealed, removeOthers, sha256OfFile, writeSealed } from '../vector/sealed-file.ts';
import type { CodedPoints } from './coded-points.ts';

/**
 * Saved codes: `codes-<random>.rows`, the rows one after the other, and `codes.manifest`, which names that file, its
 * SHA-256, the parameters and whose vector each row stands for. A cache of the point store, like a saved graph.
 */
const FORMAT = 2;
const MANIFEST = 'codes.manifest';
const CODE_FILES = /^codes-.*\.rows$/;
/** Rows that are copied, or taken in, in one go: a millisecond at most, and one megabyte of usual rows. */
const CHUNK_ROWS = 1_024;

const Manifest = z.object({
  v: z.literal(FORMAT),
  parameters: z.string(),
  file: z.string().regex(/^codes-[0-9a-f]{16}\.rows$/),
  sha256: z.string(),
  ids: z.array(z.string()),
  versions: z.array(z.number()),
});

export type CodeParameters = { readonly type: CodeType; readonly dimension: number; readonly metric: Metric };
export type SavedRow = { readonly id: string; readonly version: number; readonly codes: Uint8Array };

/**
 * Points may change meanwhile. Each chunk is of one moment; a point that moves to a row already written is missing, and
 * one that is written again is there twice, with two versions. Whoever reads it knows which is current.
 */
export async function saveCodes(points: CodedPoints, directory: string, parameters: CodeParameters): Promise<void> {
  const file = `codes-${randomBytes(8).toString('hex')}.rows`;
  const hash = createHash('sha256');
  const [ids, versions]: [string[], number[]] = [[], []];
  const handle = await open(join(directory, file), 'wx');
  try {
    for (let start = 0; start < points.count; start += CHUNK_ROWS) {
      const chunk = points.copy(start, Math.min(points.count, start + CHUNK_ROWS));
      ids.push(...chunk.ids);
      versions.push(...chunk.versions);
      hash.update(chunk.codes);
      await handle.writeFile(chunk.codes);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  const sha256 = hash.digest('hex');
  await writeSealed(directory, MANIFEST, { v: FORMAT, parameters: textOf(parameters), file, sha256, ids, versions });
  await removeOthers(directory, CODE_FILES, file);
}

/** Hands over the saved rows one by one, or answers why there are none that can be trusted. */
export async function loadCodes(
  directory: string,
  expected: CodeParameters & { readonly rowBytes: number },
  take: (row: SavedRow) => void,
): Promise<{ readonly reason: string | undefined }> {
  const sealed = await readSealed(directory, MANIFEST);
  if (sealed.state === 'absent') return { reason: NOTHING_SAVED };
  if (sealed.state === 'damaged') return { reason: 'the manifest is damaged' };
  const parsed = Manifest.safeParse(sealed.value);
  if (!parsed.success) return { reason: 'the manifest is of another version' };
  const manifest = parsed.data;
  if (manifest.parameters !== textOf(expected)) return { reason: 'the codes have other parameters' };
  const path = join(directory, manifest.file);
  const digest = await sha256OfFile(path).catch(() => undefined);
  if (digest === undefined) return { reason: 'the file of codes is missing' };
  if (digest !== manifest.sha256) return { reason: 'the file of codes is damaged' };
  await readRows(path, { ...manifest, rowBytes: expected.rowBytes }, take);
  return { reason: undefined };
}

async function readRows(
  path: string,
  { ids, versions, rowBytes }: { readonly ids: string[]; readonly versions: number[]; readonly rowBytes: number },
  take: (row: SavedRow) => void,
): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const buffer = new Uint8Array(CHUNK_ROWS * rowBytes);
    for (let start = 0; start < ids.length; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, ids.length - start);
      const { bytesRead } = await handle.read({ buffer, length: rows * rowBytes, position: start * rowBytes });
      assert.equal(bytesRead, rows * rowBytes, 'the file is as it was when it was checked');
      for (let i = 0; i < rows; i++) {
        const codes = buffer.subarray(i * rowBytes, (i + 1) * rowBytes);
        take({ id: ids[start + i] ?? '', version: versions[start + i] ?? NaN, codes });
      }
    }
  } finally {
    await handle.close();
  }
}

function textOf({ type, dimension, metric }: CodeParameters): string {
  return JSON.stringify([type, dimension, metric]);
}
