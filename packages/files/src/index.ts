export { syncDirectory } from './sync-directory.ts';
export { writeWhole } from './write-whole.ts';
