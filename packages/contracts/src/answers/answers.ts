import type { z } from 'zod';
import { accessAnswers } from './access-answers.ts';
import { collectionAnswers } from './collection-answers.ts';
import { errorAnswers } from './error-answer.ts';
import { pointAnswers } from './point-answers.ts';
import { replicationAnswers } from './replication-answers.ts';
import { snapshotAnswers } from './snapshot-answers.ts';
import { streamAnswers } from './stream-answers.ts';
import { systemAnswers } from './system-answers.ts';

/** Everything that the gateway answers in JSON, by the names that docs/openapi.json has for it. */
export const answers = {
  ...errorAnswers,
  ...collectionAnswers,
  ...pointAnswers,
  ...snapshotAnswers,
  ...replicationAnswers,
  ...streamAnswers,
  ...systemAnswers,
  ...accessAnswers,
};
export type AnswerName = keyof typeof answers;
/** An answer as it is put together, before it is JSON. */
export type Answer<Name extends AnswerName> = Readonly<z.input<(typeof answers)[Name]>>;
