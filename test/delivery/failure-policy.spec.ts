import { AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { FailurePolicy } from '../../lib/delivery/lane-context.js';
import { LaneRunner } from '../../lib/delivery/lane-runner.js';
import { Rig } from '../support/delivery-rig.js';
import { FakeLane, messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

/** One lane under a policy of the test's own; its handler fails for 'bad'. */
function under(onFailure: FailurePolicy['onFailure']): {
  rig: Rig;
  lane: FakeLane;
  take: (...bodies: string[]) => void;
} {
  const rig = new Rig({
    handle: (body) => {
      if (body === 'bad') throw new Error('no');
      return undefined;
    },
  });
  const lane = new FakeLane();
  const runner = new LaneRunner(lane, rig.binding, rig.host, new AsyncResource('test'), { onFailure });
  return { rig, lane, take: (...bodies) => void runner.take(messages(...bodies)) };
}

describe('a policy that decides later', () => {
  it('keeps the message unsettled, and those behind it waiting, until it has decided', async () => {
    let decide = (): void => undefined;
    const decided = new Promise<void>((resolve) => (decide = resolve));
    const { rig, lane, take } = under(async () => {
      await decided;
      return { kind: 'settle', how: 'reject', reason: 'rejected' };
    });
    take('bad', 'good');
    await turns();
    expect([rig.calls, lane.settled]).toEqual([['bad'], []]);
    decide();
    await turns();
    expect([rig.calls, lane.settled.map(({ how }) => how)]).toEqual([
      ['bad', 'good'],
      ['reject', 'ack'],
    ]);
  });

  it('settles nothing of a lane that was lost meanwhile', async () => {
    let decide = (): void => undefined;
    const decided = new Promise<void>((resolve) => (decide = resolve));
    const { lane, take } = under(async () => {
      await decided;
      return { kind: 'settle', how: 'reject', reason: 'rejected' };
    });
    take('bad');
    await turns();
    lane.lose();
    decide();
    await turns();
    expect(lane.settled).toEqual([]);
  });
});
