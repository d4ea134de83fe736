import type { NumberedLetter } from '@vectorizer/cluster';
import { isUtf8 } from 'node:buffer';

/** A dead letter without its body. */
export function letterSummary({ sequence, at, error, event }: NumberedLetter): object {
  const { sequence: eventSequence, subject, at: sentMs, body } = event;
  return {
    sequence,
    at,
    error,
    event: { sequence: eventSequence, subject, at: new Date(sentMs).toISOString(), bytes: body.byteLength },
  };
}

/** A dead letter as it is: the body as text where it is some, and as base64 in any case. */
export function letterJson(letter: NumberedLetter): object {
  const { headers, body } = letter.event;
  const bytes = Buffer.from(body);
  const { event, ...summary } = letterSummary(letter) as { event: object };
  return {
    ...summary,
    event: {
      ...event,
      headers,
      body: isUtf8(bytes) ? bytes.toString('utf8') : null,
      body_base64: bytes.toString('base64'),
    },
  };
}
