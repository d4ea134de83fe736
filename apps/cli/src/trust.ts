import { readFile } from 'node:fs/promises';
import { trustAuthority } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';

/** This process trusts the servers whose certificates the authority in the file signed. */
export async function trustAuthorityIn(file: string): Promise<void> {
  let certificate: string;
  try {
    certificate = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Failure('storage_error', `the certificate of the authority cannot be read: ${file}`, { cause });
  }
  trustAuthority(certificate);
}
