import Sequencer from '@jest/test-sequencer';

/**
 * What takes minutes begins first, so that no worker is left alone with it at the end. Without a memory of earlier runs, as on
 * a fresh machine, Jest goes by the sizes of files, which say nothing of clusters that are started and killed.
 */
const LONG_FIRST = ['tests/chaos/', 'tests/replication/', 'packages/engine/src/model/', 'tests/docs/', 'tests/'];

export default class LongFirst extends Sequencer {
  sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- Jest's own method
    return super.sort(tests).toSorted((a, b) => rankOf(a.path) - rankOf(b.path));
  }
}

function rankOf(path) {
  const rank = LONG_FIRST.findIndex((folder) => path.includes(`/${folder}`));
  return rank === -1 ? LONG_FIRST.length : rank;
}
