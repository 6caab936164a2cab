import { AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { failurePolicyOf } from '../../lib/delivery/ack-policy.js';
import { Delivery } from '../../lib/delivery/delivery.js';
import { LaneRunner } from '../../lib/delivery/lane-runner.js';
import type { Strand } from '../../lib/delivery/strand.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { FakeLane, messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

/** One delivery of two messages. */
async function ofTwo(options: RigOptions): Promise<FakeLane> {
  const rig = new Rig({ ...options, binding: { retry: { ...retry, attempts: 1 }, ...options.binding } });
  const lane = new FakeLane(options.lane);
  const runner = new LaneRunner(lane, rig.binding, rig.host, new AsyncResource('test'), failurePolicyOf(rig.binding));
  const [first, second] = messages('a', 'b');
  const delivery = new Delivery(first!, runner['order'] as Strand, [second!]);
  runner.inFlight.add(delivery);
  delivery.begin();
  await turns();
  return lane;
}

const retry = { delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };

describe('a delivery of several messages', () => {
  it('acks each of them when its handler is done', async () => {
    expect((await ofTwo({})).fates).toEqual(['a ack', 'b ack']);
  });

  it('gives each of them up when it has failed', async () => {
    const lane = await ofTwo({
      binding: { ack: 'reject-on-error' },
      handle: () => {
        throw new Error('no');
      },
    });
    expect(lane.fates).toEqual(['a reject', 'b reject']);
  });
});
