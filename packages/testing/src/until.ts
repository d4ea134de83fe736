/** Between two looks at the condition: short against any wait that a test could notice. */
const POLL_MS = 5;

export type Patience = {
  readonly timeoutMs: number;
  readonly what?: string;
  /** Longer where to look costs those who are waited for. */
  readonly everyMs?: number;
};

/** Waits for a condition, never for a time. Throws when it does not hold within `timeoutMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs, what = 'the condition', everyMs = POLL_MS }: Patience,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not hold within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
