/** `data` is undefined where only an id was sent: whoever comes back with it misses nothing since. */
export type ServerSentEvent = {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string | undefined;
};

/** The events of a stream, whole ones only: what a lost connection cut in two is not one. Comments are left out. */
export async function* eventsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    pending.push(text);
    // Events of megabytes come in many chunks: they are joined only when one may be whole.
    if (!text.includes('\n')) continue;
    const blocks = pending.join('').split('\n\n');
    pending = [blocks.pop() ?? ''];
    for (const block of blocks) {
      const event = eventIn(block);
      if (event.data !== undefined || event.id !== undefined) yield event;
    }
  }
}

function eventIn(block: string): ServerSentEvent {
  const data: string[] = [];
  let [id, event]: [string | undefined, string] = [undefined, 'message'];
  for (const line of block.split('\n')) {
    const [field, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).replace(/^ /, '')];
    if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
    else if (field === 'event') event = value;
  }
  return { id, event, data: data.length === 0 ? undefined : data.join('\n') };
}
