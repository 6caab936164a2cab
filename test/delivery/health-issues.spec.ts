import { describe, expect, it } from '@jest/globals';
import { HealthIssues } from '../../lib/delivery/index.js';
import { Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

/** Fails until told otherwise; `never`: in a way that cannot succeed. */
function patient(again: 'in-place' | 'server', never: boolean): { rig: Rig; heal: () => void } {
  let well = false;
  const rig = new Rig({
    lane: { redelivery: again },
    binding: { retry: { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 } },
    handle: () => {
      if (!well) throw Object.assign(new Error('broken'), never ? { retryable: false } : {});
      return undefined;
    },
  });
  return { rig, heal: () => (well = true) };
}

describe('health tells', () => {
  it('a message that holds its lane, and why, until it is handled', async () => {
    const { rig, heal } = patient('in-place', false);
    void rig.take(...messages('a'));
    await turns();
    expect(rig.healthIssues.list()).toEqual([expect.stringMatching(/Orders\.on on in\[0\].*\(a\).*broken/)]);
    heal();
    rig.clock.advance(1_000);
    await turns();
    expect([rig.lane.fates, rig.healthIssues.list()]).toEqual([['a ack'], []]);
  });

  it('a message of a server that cannot succeed, although it was given back', async () => {
    const { rig, heal } = patient('server', true);
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.healthIssues.list()]).toEqual([['a 1000'], [expect.stringContaining('broken')]]);
    heal();
    void rig.take(...messages('a'));
    await turns();
    expect(rig.healthIssues.list()).toEqual([]);
  });

  it('it no longer when it did not come again for two minutes: another process may have handled it', async () => {
    const { rig } = patient('server', true);
    void rig.take(...messages('a'));
    await turns();
    rig.clock.advance(120_999);
    expect(rig.healthIssues.list()).toHaveLength(1);
    rig.clock.advance(1);
    expect(rig.healthIssues.list()).toEqual([]);
  });

  it('nothing of one that the server brings again and that may succeed', async () => {
    const { rig } = patient('server', false);
    void rig.take(...messages('a'));
    await turns();
    expect(rig.healthIssues.list()).toEqual([]);
  });
});

describe('the list', () => {
  it('holds the newest word on each, and at most 20', () => {
    const issues = new HealthIssues();
    for (let n = 0; n < 30; n++) issues.set(n, `first ${n}`);
    issues.set(3, 'second 3');
    expect(issues.list()).toHaveLength(20);
    expect(issues.list()).toContain('second 3');
    for (let n = 0; n < 30; n++) issues.clear(n);
    expect([issues.any, issues.list()]).toEqual([false, []]);
  });

  it('makes room when one is over', () => {
    let now = 0;
    const issues = new HealthIssues({ now: () => now });
    for (let n = 0; n < 20; n++) issues.set(n, `old ${n}`, 10);
    now = 10;
    issues.set('new', 'new');
    expect(issues.list()).toEqual(['new']);
  });
});
