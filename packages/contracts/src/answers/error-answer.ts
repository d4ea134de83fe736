import { z } from 'zod';
import { failures, type FailureType } from '@vectorizer/errors';

const types = Object.keys(failures) as FailureType[];
const Details = z.record(z.string(), z.unknown());

/** What failed, as it stands in an answer, in an item of a batch, or in a dead letter. */
export const Fault = z.object({
  type: z.enum(types).describe('Stable: programs go by it'),
  message: z.string().describe('For people'),
  details: Details.describe('By the type'),
});

/** The one shape of every error. */
const ErrorAnswer = z.object({
  error: Fault.extend({ correlation_id: z.string() }),
  error_type: z.string().meta({ deprecated: true }),
  message: z.string().meta({ deprecated: true }),
  status_code: z.int().meta({ deprecated: true }),
  details: Details.meta({ deprecated: true }),
  request_id: z.string().meta({ deprecated: true }),
});

export const errorAnswers = { Error: ErrorAnswer, Fault };
