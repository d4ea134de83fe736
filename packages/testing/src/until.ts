/** Between two looks at the condition, at first: short against any wait that a test could notice. */
const POLL_MS = 5;
/** Whoever has waited long does not mind a twentieth more, and looking takes processor time from what is waited for. */
const SHARE_BETWEEN_LOOKS = 1 / 20;
/** What takes longer hangs, however busy the machine is. For whatever a test waits for in another way than by `until`, too. */
export const HANG_MS = 90_000;

export type Patience = {
  /** Given where it is part of what is tested that it takes no longer. */
  readonly timeoutMs?: number;
  readonly what?: string;
  /** At least, between two looks. */
  readonly everyMs?: number;
};

/** Waits for a condition, never for a time. Throws when it does not hold within `timeoutMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = HANG_MS, what = 'the condition', everyMs = POLL_MS }: Patience = {},
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    const waitedMs = performance.now() - start;
    if (waitedMs > timeoutMs) throw new Error(`${what} did not hold within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, Math.max(everyMs, waitedMs * SHARE_BETWEEN_LOOKS)));
  }
}
