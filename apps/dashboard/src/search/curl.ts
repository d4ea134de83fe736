import type { Query } from './query.ts';

/** The same search for a shell. The key stays out of it: it is taken from the environment. */
export function curlOf(
  { collection, like, settings }: Query,
  server: { readonly origin: string; readonly hasKey: boolean },
): string {
  const { origin, hasKey } = server;
  const url = `${origin}/api/v1/collections/${encodeURIComponent(collection)}`;
  const auth = hasKey ? ` -H "Authorization: Bearer $VECTORIZER_API_KEY"` : '';
  const search = (data: string): string =>
    `curl -s ${quoted(`${url}/search`)}${auth} \\\n  -H 'Content-Type: application/json' -d ${data}`;
  if ('vector' in like) return search(quoted(JSON.stringify({ vector: like.vector, ...settings })));
  const point = quoted(`${url}/vectors/${encodeURIComponent(like.id)}?with_payload=false`);
  const body = quoted(`{ vector } + ${JSON.stringify(settings)}`);
  return `curl -s ${point}${auth} \\\n  | jq -c ${body} \\\n  | ${search('@-').replace('\n', '\n  ')}`;
}

/** For a POSIX shell, in which nothing has a meaning between single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
