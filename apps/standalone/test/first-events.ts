import { EventSourceParserStream } from 'eventsource-parser/stream';

export type Told = { readonly name: string; readonly data: unknown };

/** The first events of a stream, so many; then it is left. */
export async function firstEvents(
  url: string,
  { key, count, body }: { readonly key: string; readonly count: number; readonly body?: object | undefined },
): Promise<readonly Told[]> {
  const headers = { 'x-api-key': key, connection: 'close' };
  const answer = await fetch(
    url,
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  if (answer.body === null || answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
  const told: Told[] = [];
  const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event = 'message', data } of events) {
    told.push({ name: event, data: JSON.parse(data) });
    if (told.length === count) break;
  }
  return told;
}
