import { readFile, rm } from 'node:fs/promises';
import { authority, isSecure } from './secure.ts';

type Known = { readonly file: string; readonly key: string };

/** By the origin of a process that goes by it, and by the data directory of the instance. */
const known = new Map<string, Known>();

/** Of a data directory: what `up` is told, so that the instance knows its callers when everything is tested so. */
export function keyArguments(data: string): readonly string[] {
  return isSecure ? ['--init-key', fileIn(data)] : [];
}

/** From now on whatever tests ask of these processes, they ask with the key of the instance. */
export async function useKeyOf(data: string, urls: readonly string[]): Promise<void> {
  if (!isSecure) return;
  const file = fileIn(data);
  const found = known.get(data) ?? { file, key: (await readFile(file, 'utf8')).trim() };
  for (const each of [data, ...urls.map((url) => new URL(url).origin)]) known.set(each, found);
}

/** Of an instance that is gone. */
export async function forgetKeyOf(data: string): Promise<void> {
  const gone = known.get(data);
  if (gone === undefined) return;
  for (const [name, each] of known) if (each.file === gone.file) known.delete(name);
  await rm(gone.file, { force: true });
}

/** For a client of an instance; nothing where that knows no keys. */
export function credentialsFor(url: string | readonly string[] | undefined): { readonly apiKey?: string } {
  const found = known.get(originOf([url ?? ''].flat()[0] ?? ''));
  return found === undefined ? {} : { apiKey: found.key };
}

/** Where an event is published: with keys, under the id of the instance's. */
export function eventSubject(url: string, collectionAndKind: string): string {
  const [, id] = credentialsFor(url).apiKey?.split('_') ?? [];
  return `vectorizer.events.${collectionAndKind}${id === undefined ? '' : `.${id}`}`;
}

/** What a command reads from its environment to be let in, by its `--data` or `--url`. */
export function lettingIn(args: readonly string[]): Record<string, string> {
  const after = (flag: string): string => (args.includes(flag) ? (args[args.indexOf(flag) + 1] ?? '') : '');
  const found = known.get(after('--data')) ?? known.get(originOf(after('--url')));
  return found === undefined ? {} : { VECTORIZER_API_KEY_FILE: found.file, VECTORIZER_CA_FILE: authority ?? '' };
}

const fileIn = (data: string): string => `${data}.key`;

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

/** What tests ask by fetch without saying who they are, they ask with the key. */
if (isSecure) {
  const ask = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { apiKey } = credentialsFor(request.url);
    const isNamed = ['authorization', 'x-api-key', 'api-key'].some((name) => request.headers.has(name));
    if (apiKey !== undefined && !isNamed) request.headers.set('x-api-key', apiKey);
    return ask(request);
  };
}
