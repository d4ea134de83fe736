/**
 * Resolves at the first SIGTERM or SIGINT. Its listeners are gone by then, so a second signal ends the process at once,
 * for the operator who does not want to wait for a graceful stop.
 */
export async function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
