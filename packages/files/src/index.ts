export { syncFile } from './sync-file.ts';
export { writeWhole } from './write-whole.ts';
