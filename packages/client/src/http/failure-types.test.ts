import { describe, expect, it } from '@jest/globals';
import { failures } from '@vectorizer/errors';
import { failureTypes } from './failure-types.ts';

describe('the types of failures', () => {
  it('are those of the server, each retried as it says', () => {
    const told = Object.entries(failures).map(([type, { retryable }]) => [type, retryable]);
    expect(failureTypes).toEqual(Object.fromEntries(told));
  });
});
