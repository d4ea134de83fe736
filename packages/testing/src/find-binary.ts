import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../..');

/** A server's binary: what `./vectorizer` brought, else PATH. Fails with how to get it: a suite is never skipped silently. */
export function findBinary(name: string, privateFolder: string): string {
  const places = [join(repository, '.tools', privateFolder), ...searchPath()];
  for (const place of places) {
    const file = join(place, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next place may have it, and the end of the list is an error.
    }
  }
  throw new Error(`${name} was not found; run "./vectorizer test" once, which brings it`);
}

function searchPath(): string[] {
  // The one variable that says where programs are; tests have no configuration of their own.
  // oxlint-disable-next-line node/no-process-env -- finding programs is what PATH is for
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}
