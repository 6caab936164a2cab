import { describe, expect, it } from '@jest/globals';

import type { JetStreamApi } from '../../../../lib/nats/driver/jetstream/jetstream-api.js';
import { AckPendingWatch } from '../../../../lib/nats/driver/jetstream/ack-pending-watch.js';
import type { StreamLane } from '../../../../lib/nats/driver/jetstream/stream-lane.js';
import { natsBroker, stream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';

describe('a stall at max_ack_pending', () => {
  function make() {
    const clock = new VirtualClock();
    const info = { num_pending: 7, num_ack_pending: 5, config: { max_ack_pending: 5 } };
    const lane = {
      pending: 5,
      nothingPends: () => {
        lane.pending = 0;
      },
    };
    const manager = async () => ({ consumers: { info: async () => info } });
    const place = { lastSeq: 5 };
    const watch = new AckPendingWatch(
      natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd' })) as never,
      lane as unknown as StreamLane,
      { manager } as unknown as JetStreamApi,
      clock,
      () => place.lastSeq,
    );
    const look = async () => {
      clock.advance(10_000);
      await watch.look();
    };
    return { watch, info, lane, place, look };
  }

  it('is told by the server’s word, until something comes', async () => {
    const { watch, place, look } = make();
    await look();
    expect(watch.healthIssue()).toContain('max_ack_pending');
    place.lastSeq = 6;
    expect(watch.healthIssue()).toBeUndefined();
  });

  it('is none once the limit was raised, though as many are unsettled as before', async () => {
    const { watch, info, look } = make();
    await look();
    info.config.max_ack_pending = 100;
    await look();
    expect(watch.healthIssue()).toBeUndefined();
    info.num_ack_pending = 100;
    await look();
    expect(watch.healthIssue()).toContain('100 messages');
  });

  it('is none where replicas have done what was given back here', async () => {
    const { watch, info, lane, look } = make();
    info.num_ack_pending = 0;
    expect(watch.healthIssue()).toBeUndefined();
    await look();
    expect([watch.healthIssue(), lane.pending]).toEqual([undefined, 0]);
  });
});

describe('a consumer that is paused on the server', () => {
  it('is told until then, be it that it was paused while it was read', async () => {
    const clock = new VirtualClock();
    const config: { pause_until?: string } = {};
    const info = { num_pending: 0, num_ack_pending: 0, config };
    const watch = new AckPendingWatch(
      natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd' })) as never,
      { pending: 0, nothingPends: () => undefined } as unknown as StreamLane,
      { manager: async () => ({ consumers: { info: async () => info } }) } as unknown as JetStreamApi,
      clock,
      () => 0,
    );
    expect(watch.healthIssue()).toBeUndefined();
    config.pause_until = new Date(clock.now() + 60_000).toISOString();
    clock.advance(30_000);
    await watch.look();
    expect(watch.healthIssue()).toMatch(/stream S \(durable d\) is paused on the server until .*resume/);
    clock.advance(30_000);
    expect(watch.healthIssue()).toBeUndefined();
  });
});
