/** What Ctrl-C and a polite kill ask for: to stop where it can be gone on from. A second one ends the process at once. */
export type Interrupts = Disposable & {
  readonly stop: AbortSignal;
};

export function watchInterrupts(onInterrupt: () => void): Interrupts {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const ignore = (): void => {
    // Without a listener, a signal has its usual effect again.
    for (const signal of signals) process.removeListener(signal, interrupt);
  };
  const interrupt = (): void => {
    ignore();
    onInterrupt();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return { stop: controller.signal, [Symbol.dispose]: ignore };
}
