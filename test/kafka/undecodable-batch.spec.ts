import { describe, expect, it } from '@jest/globals';

import { UndecodableBatchSearch } from '../../lib/kafka/driver/consumer/halted-partitions.js';

const waiting = (search: UndecodableBatchSearch, keys: string[]): string[] => keys.filter((key) => search.holds(key));

describe('the search for a partition that cannot be read', () => {
  it('fetches one partition at a time and blames the one at which the consumer ends', () => {
    const search = new UndecodableBatchSearch();
    const keys = ['t/0', 't/1', 't/2'];
    search.begin();
    search.inNewSession();
    search.among(keys);
    const first = waiting(search, keys);
    search.fetchBegun('1');
    const sound = search.fetched('1');
    search.among(keys);
    expect([first, sound, waiting(search, keys), search.suspect()]).toEqual([
      ['t/1', 't/2'],
      true,
      ['t/0', 't/2'],
      't/1',
    ]);
  });

  it('takes no partition for sound by a fetch that began before, or by a part of the nodes', () => {
    const search = new UndecodableBatchSearch();
    search.begin();
    search.fetchBegun('1');
    search.fetchBegun('2');
    search.among(['t/0']);
    const stale = search.fetched('1');
    search.fetchBegun('1');
    const part = search.fetched('1');
    search.fetchBegun('2');
    expect([stale, part, search.fetched('2')]).toEqual([false, false, true]);
  });

  it('ends when all are sound', () => {
    const search = new UndecodableBatchSearch();
    search.begin();
    search.among([]);
    expect([search.active, search.suspect()]).toEqual([false, undefined]);
  });
});
