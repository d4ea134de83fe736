import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { writeWhole } from './write-whole.ts';

describe('a file that is written whole', () => {
  it('takes the place of the former one, also of a longer one, and leaves nothing beside it', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'told');
    await writeWhole(file, 'what is long');
    await writeWhole(file, [Buffer.from('in '), Buffer.from('pieces')]);
    expect(await readFile(file, 'utf8')).toBe('in pieces');
    expect(await readdir(directory.path)).toEqual(['told']);
  });

  it('is nobody else’s to read where that is asked for', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'secret');
    await writeWhole(file, 'hush', { mode: 0o600 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('leaves the former one where it cannot be written', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'told');
    await writeWhole(file, 'former');
    await mkdir(`${file}.new`);
    await expect(writeWhole(file, 'later')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readFile(file, 'utf8')).toBe('former');
  });
});
