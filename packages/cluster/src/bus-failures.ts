import type { z } from 'zod';
import { Failure } from '@vectorizer/errors';

/** Calls of one procedure that a process works on at once; more are refused, so that a flood cannot fill the memory. */
export const CALLS_IN_FLIGHT_MAX = 4_096;

export function tooManyCalls(name: string): Failure {
  return new Failure('overloaded', `too many calls of ${name} at once`);
}

/** The failures of a bus itself, the same for every way of carrying a call. */
export function nobodyServes(address: string, cause?: unknown): Failure {
  return new Failure('service_unavailable', `nobody serves ${address}`, { cause });
}

export function connectionLost(name: string): Failure {
  return new Failure('service_unavailable', `the connection broke while ${name} was called`);
}

export function deadlineExceeded(name: string, cause?: unknown): Failure {
  return new Failure('deadline_exceeded', `${name} did not answer in time`, { cause });
}

/** Of what one of our services sends another: a client of ours has no part in it, and is told nothing of it. */
export function invalidInput(name: string, error: z.ZodError): Failure {
  const cause = new Error(`${name} was called wrongly`, { cause: error });
  return new Failure('internal_error', 'unexpected failure', { cause });
}
