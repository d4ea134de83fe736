/** Runs `task` for each item, at most `limit` at once. Rejects with the first failure, and starts no more then. */
export async function eachBounded<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const item of left) await task(item);
  });
  await Promise.all(workers);
}
