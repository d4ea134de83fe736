/**
 * A setting has one name, spelt in three ways: `cache_bytes` in a file, `VECTORIZER_CACHE_BYTES` in the environment,
 * `--cache-bytes` as a flag.
 */
export const PREFIX = 'VECTORIZER_';

export function variableOf(name: string): string {
  return `${PREFIX}${name.toUpperCase()}`;
}

export function flagOf(name: string): string {
  return `--${name.replaceAll('_', '-')}`;
}

/** Of the file that a secret is in. */
export function fileNameOf(name: string): string {
  return `${name}_file`;
}
