/** Nothing from elsewhere, nothing inline, nobody's frame. */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'font-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
} as const;

/** The headers of a page's files; `more` loosens its policy where the page needs that. */
export function pageHeaders(more: Partial<Record<keyof typeof POLICY, string>> = {}): Readonly<Record<string, string>> {
  const policy = Object.entries({ ...POLICY, ...more }).map(([what, from]) => `${what} ${from}`);
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}

/** Of files whose names say which version they are. */
export const FOR_EVER = 'public, max-age=31536000, immutable';
/** Asked for again each time, and answered with 304 as long as it is the same. */
export const ASK_AGAIN = 'no-cache';
