import { describe, expect, it } from '@jest/globals';

import { AckFloor } from '../../../../lib/nats/driver/jetstream/ack-floor.js';
import type { ConsumerFacts } from '../../../../lib/nats/driver/jetstream/consumer-config.js';
import { natsBroker, stream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';
import { turns } from '../../../support/turns.js';

describe('where a deleted consumer goes on', () => {
  function make(deliver: 'all' | 'new') {
    const clock = new VirtualClock();
    const server = { created: 'first', ack_floor: { stream_seq: 10 }, fails: false, asked: 0 };
    const info = async () => {
      server.asked++;
      if (server.fails) throw new Error('consumer not found');
      return server;
    };
    const parts = { connection: { up: true }, api: { manager: async () => ({ consumers: { info } }) }, clock };
    const spec = natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd', deliver }));
    const facts = { created: 'first', streamCreated: 'once', ackFloor: 10 } as ConsumerFacts;
    const floor = new AckFloor(spec as never, parts as never, facts);
    const end = new AbortController();
    const watch = floor.watch(end.signal);
    const after = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await turns(20);
    };
    const stop = (): Promise<void> => {
      end.abort();
      return watch;
    };
    return { floor, server, parts, facts, after, stop };
  }

  it('is behind what all replicas had settled five seconds ago at the latest', async () => {
    const { floor, server, after, stop } = make('new');
    server.ack_floor.stream_seq = 70;
    await after(4_999);
    expect(floor.place()).toEqual({ streamCreated: 'once', nextSeq: 11 });
    await after(1);
    expect(floor.place()).toEqual({ streamCreated: 'once', nextSeq: 71 });
    server.ack_floor.stream_seq = 90;
    await after(5_000);
    expect(floor.place().nextSeq).toBe(91);
    await stop();
  });

  it('is at a message that is unsettled here, though the server has given it up', async () => {
    const { floor, stop } = make('new');
    expect(floor.place(7).nextSeq).toBe(7);
    expect(floor.place(12).nextSeq).toBe(11);
    await stop();
  });

  it('stays where it was while nobody answers, and is not that of a consumer of which this replica does not know', async () => {
    const { floor, server, parts, facts, after, stop } = make('new');
    server.fails = true;
    await after(5_000);
    expect(floor.place().nextSeq).toBe(11);
    Object.assign(server, { fails: false, created: 'second', ack_floor: { stream_seq: 900 } });
    await after(5_000);
    expect(floor.place().nextSeq).toBe(11);
    floor.found({ ...facts, created: 'second', ackFloor: 5 });
    expect(floor.place().nextSeq).toBe(6);
    await after(5_000);
    expect(floor.place().nextSeq).toBe(901);
    parts.connection.up = false;
    const { asked } = server;
    await after(60_000);
    expect(server.asked).toBe(asked);
    await stop();
  });

  it("is not looked up with deliver: 'all', which reads the stream from its first message", async () => {
    const { server, after, stop } = make('all');
    await after(60_000);
    expect(server.asked).toBe(0);
    await stop();
  });
});
