import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { curlOf } from './curl.ts';

const SERVER = { origin: 'http://127.0.0.1:15002', hasKey: false };

/** What a shell would run: `curl` and `jq` are functions here that print their arguments, one a line. */
function argumentsIn(command: string): string[] {
  const script = `curl() { printf '%s\\n' "$@"; }; jq() { cat; printf '%s\\n' "$@"; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { VECTORIZER_API_KEY: 'from-env' } })
    .trim()
    .split('\n');
}

describe('the curl command of a search', () => {
  it('has the body that is sent, whatever stands in it', () => {
    const filter = { must: [{ key: 'title', match: { value: "it's $HOME `id`" } }] };
    const command = curlOf({ collection: 'books', like: { vector: [1, 0.5] }, settings: { k: 3, filter } }, SERVER);
    expect(argumentsIn(command)).toEqual([
      '-s',
      'http://127.0.0.1:15002/api/v1/collections/books/search',
      '-H',
      'Content-Type: application/json',
      '-d',
      JSON.stringify({ vector: [1, 0.5], k: 3, filter }),
    ]);
  });

  it('takes the key from the environment', () => {
    const command = curlOf({ collection: 'books', like: { vector: [1] }, settings: {} }, { ...SERVER, hasKey: true });
    expect(argumentsIn(command)).toContain('Authorization: Bearer from-env');
  });

  it('fetches the vector of a point, whose id may be anything', () => {
    const command = curlOf({ collection: 'books', like: { id: "a/b'c" }, settings: { k: 3 } }, SERVER);
    expect(command).toContain("/vectors/a%2Fb'\\''c?with_payload=false");
    expect(command).toContain(`jq -c '{ vector } + {"k":3}'`);
    expect(argumentsIn(command)).toContain('http://127.0.0.1:15002/api/v1/collections/books/search');
  });
});
