import { describe, expect, it } from '@jest/globals';

import { watchSource } from '../../../../lib/nats/driver/jetstream/source-watch.js';
import { natsBroker, stream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';
import { turns } from '../../../support/turns.js';

describe('a consumer that is read', () => {
  function make(deliver: 'all' | 'new') {
    const clock = new VirtualClock();
    const server = { fails: false, asked: 0 };
    const consumers = {
      info: async () => {
        server.asked++;
        if (server.fails) throw new Error('consumer not found');
        return server;
      },
    };
    const streams = { info: async () => server };
    const connection = { up: true };
    const parts = { connection, api: { manager: async () => ({ consumers, streams }) }, clock };
    const spec = natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd', deliver }));
    const end = new AbortController();
    const seen = { consumer: 0, stream: 0 };
    const looks = { consumer: () => seen.consumer++, stream: () => seen.stream++ };
    const watch = watchSource(spec as never, parts as never, looks, end.signal);
    const after = async (ms: number): Promise<number> => {
      clock.advance(ms);
      await turns(20);
      expect(seen.stream).toBe(seen.consumer);
      return seen.consumer;
    };
    return { server, connection, after, end, watch };
  }

  it.each([
    ['all', 10_000],
    ['new', 5_000],
  ] as const)("with deliver: '%s' is looked up every %i ms, until it is left", async (deliver, everyMs) => {
    const { after, end, watch } = make(deliver);
    expect(await after(everyMs - 1)).toBe(0);
    expect(await after(1)).toBe(1);
    expect(await after(everyMs)).toBe(2);
    end.abort();
    await watch;
    expect(await after(60_000)).toBe(2);
  });

  it('is looked up again after nobody has answered, and not without a connection', async () => {
    const { server, connection, after, end, watch } = make('all');
    server.fails = true;
    expect([await after(10_000), server.asked]).toEqual([0, 1]);
    server.fails = false;
    expect([await after(10_000), server.asked]).toEqual([1, 2]);
    connection.up = false;
    expect([await after(60_000), server.asked]).toEqual([1, 2]);
    end.abort();
    await watch;
  });
});
