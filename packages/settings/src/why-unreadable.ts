/** What the system said of a file, in a word that an administrator knows. */
export function whyUnreadable(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
}
