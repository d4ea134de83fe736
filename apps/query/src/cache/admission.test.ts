import { expect, it } from '@jest/globals';
import { Admission } from './admission.ts';

/** As long as a digest. */
const key = (name: string | number): string => String(name).padStart(8, '-').padEnd(43, '-');

it('finds answers of use until a thousand were computed and none found, and tells what comes again', () => {
  const admission = new Admission();
  const computed = (count: number): boolean[] => Array.from({ length: count }, (_, i) => admission.computed(key(i)));
  expect(computed(999)).not.toContain(true);
  expect(admission.isOfUse).toBe(true);
  expect(admission.computed(key('last'))).toBe(false);
  expect(admission.isOfUse).toBe(false);
  expect(computed(999)).not.toContain(false);
  expect(admission.isOfUse).toBe(false);
  admission.found();
  expect(admission.isOfUse).toBe(true);
});
