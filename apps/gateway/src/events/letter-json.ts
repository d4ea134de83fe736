import type { NumberedLetter } from '@vectorizer/cluster';
import type { Answer } from '@vectorizer/contracts';
import { isUtf8 } from 'node:buffer';

type LetterSummary = Answer<'DeadLetters'>['dead_letters'][number];

/** A dead letter without its body. */
export function letterSummary({ sequence, at, error, event, actor }: NumberedLetter): LetterSummary {
  const { sequence: eventSequence, subject, at: sentMs, body } = event;
  return {
    sequence,
    at,
    error,
    actor: actor ?? 'unknown',
    event: { sequence: eventSequence, subject, at: new Date(sentMs).toISOString(), bytes: body.byteLength },
  };
}

/** A dead letter as it is: the body as text where it is some, and as base64 in any case. */
export function letterJson(letter: NumberedLetter): Answer<'DeadLetter'> {
  const { headers, body } = letter.event;
  const bytes = Buffer.from(body);
  const { event, ...summary } = letterSummary(letter);
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
