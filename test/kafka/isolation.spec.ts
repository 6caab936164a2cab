import { describe, expect, it } from '@jest/globals';

import { Isolation } from '../../lib/kafka/driver/consumer/isolation.js';

const waiting = (isolation: Isolation, keys: string[]): string[] => keys.filter((key) => isolation.holds(key));

describe('the search for a partition that cannot be read', () => {
  it('fetches one partition at a time and blames the one at which the consumer ends', () => {
    const isolation = new Isolation();
    const keys = ['t/0', 't/1', 't/2'];
    isolation.begin();
    isolation.inNewLife();
    isolation.among(keys);
    const first = waiting(isolation, keys);
    isolation.fetchBegun('1');
    const sound = isolation.fetched('1');
    isolation.among(keys);
    expect([first, sound, waiting(isolation, keys), isolation.blame()]).toEqual([
      ['t/1', 't/2'],
      true,
      ['t/0', 't/2'],
      't/1',
    ]);
  });

  it('takes no partition for sound by a fetch that began before, or by a part of the nodes', () => {
    const isolation = new Isolation();
    isolation.begin();
    isolation.fetchBegun('1');
    isolation.fetchBegun('2');
    isolation.among(['t/0']);
    const stale = isolation.fetched('1');
    isolation.fetchBegun('1');
    const part = isolation.fetched('1');
    isolation.fetchBegun('2');
    expect([stale, part, isolation.fetched('2')]).toEqual([false, false, true]);
  });

  it('ends when all are sound', () => {
    const isolation = new Isolation();
    isolation.begin();
    isolation.among([]);
    expect([isolation.active, isolation.blame()]).toEqual([false, undefined]);
  });
});
