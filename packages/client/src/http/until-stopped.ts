/** What comes from a source until one of the signals is aborted, whose reason is thrown then, also while the source is waited for. */
export async function* untilStopped<Item>(
  source: AsyncIterable<Item> | Iterable<Item>,
  signals: readonly (AbortSignal | undefined)[],
): AsyncGenerator<Item> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const given = signals.filter((signal) => signal !== undefined);
  // One for each item, since a promise that all of them are raced with would remember all of them.
  let giveUp: ((reason: unknown) => void) | undefined;
  const abort = (): void => giveUp?.(given.find(({ aborted }) => aborted)?.reason);
  for (const signal of given) signal.addEventListener('abort', abort);
  let isWaiting = false;
  try {
    for (;;) {
      for (const signal of given) signal.throwIfAborted();
      isWaiting = true;
      const next = await new Promise<IteratorResult<Item>>((resolve, reject) => {
        giveUp = reject;
        Promise.resolve(iterator.next()).then(resolve, reject);
      });
      isWaiting = false;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    for (const signal of given) signal.removeEventListener('abort', abort);
    const closed = Promise.resolve(iterator.return?.()).catch(() => undefined);
    // A source that is being waited for closes only once it has given what it was asked for.
    if (!isWaiting) await closed;
  }
}
