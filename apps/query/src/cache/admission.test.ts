import { expect, it } from '@jest/globals';
import { Admission } from './admission.ts';

it('finds answers of use until a thousand were computed and none found, and tells what comes again', () => {
  const admission = new Admission();
  const computed = (count: number): boolean[] =>
    Array.from({ length: count }, (_, i) => {
      admission.computed();
      return admission.asked(1 + i);
    });
  expect(computed(999)).not.toContain(true);
  expect(admission.isOfUse).toBe(true);
  expect(admission.asked(2 ** 31 - 1)).toBe(false);
  admission.computed();
  expect(admission.isOfUse).toBe(false);
  expect(computed(999)).not.toContain(false);
  expect(admission.isOfUse).toBe(false);
  admission.found();
  expect(admission.isOfUse).toBe(true);
});
