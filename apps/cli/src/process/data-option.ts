import { Option } from 'commander';

/** Which instance a command is about. */
export function dataOption(): Option {
  return new Option('--data <directory>', 'data directory').default('./data');
}
