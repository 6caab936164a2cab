import { describe, expect, it } from '@jest/globals';
import { headers, type Msg, type NatsConnection } from 'nats';

import { Puller, type PullerEvents } from '../../../../lib/nats/driver/jetstream/puller.js';
import { VirtualClock } from '../../../../lib/twin/index.js';

describe('a puller', () => {
  it('asks for what there is room for, and again only when half of it is missing', () => {
    const { puller, pulls, deliver } = make();
    puller.refill(upTo(10));
    puller.refill(upTo(10));
    expect(pulls()).toEqual([10]);
    for (let index = 0; index < 4; index++) deliver();
    puller.refill(upTo(10));
    expect(pulls()).toEqual([10]);
    deliver();
    puller.refill(upTo(10));
    expect(pulls()).toEqual([10, 5]);
    puller.refill(upTo(0));
    expect(pulls()).toEqual([10, 5]);
  });

  it('asks for no more bytes, nor for more messages at once, than it may, and by two pulls', () => {
    const { puller, requests } = make();
    puller.refill({ room: 10, batch: 4, bytes: 500 });
    const most = expect.objectContaining({ batch: 4, max_bytes: 500 });
    expect(requests()).toEqual([most, most]);
  });

  it('asks at once, and a second time in a turn of the event loop at its end', () => {
    const { puller, pulls, deliver, turn } = make({ byTurns: true });
    puller.refill(upTo(2));
    expect(pulls()).toEqual([2]);
    deliver();
    puller.refill(upTo(2));
    deliver();
    puller.refill(upTo(2));
    expect(pulls()).toEqual([2]);
    turn();
    expect(pulls()).toEqual([2, 1, 1]);
    deliver();
    puller.refill(upTo(2));
    expect(pulls()).toEqual([2, 1, 1, 1]);
  });

  it('asks for nothing at the end of a turn in which it was dropped', () => {
    const { puller, pulls, deliver, turn } = make({ byTurns: true });
    puller.refill(upTo(1));
    deliver();
    puller.refill(upTo(1));
    puller.drop();
    turn();
    expect(pulls()).toEqual([1]);
  });

  it('asks for a message alone that is larger than what it may ask for, whatever its size, and goes on as before', () => {
    const { puller, requests, status, deliver } = make();
    const tooLarge = (left: number) => {
      status(409, 'Message Size Exceeds MaxBytes', left);
      puller.refill(upTo(10));
    };
    puller.refill(upTo(10));
    tooLarge(10);
    deliver();
    puller.refill(upTo(10));
    for (let index = 0; index < 5; index++) deliver();
    // Not the first that it was to bring: it is full.
    tooLarge(5);
    expect(requests().map(({ batch, max_bytes }) => [batch, max_bytes])).toEqual([
      [10, 1_000_000],
      [1, undefined],
      [10, 1_000_000],
      [10, 1_000_000],
    ]);
  });

  it('asks anew for what an expired pull did not bring', () => {
    const { puller, pulls, status, told } = make();
    puller.refill(upTo(10));
    status(408, 'Request Timeout', 10);
    puller.refill(upTo(10));
    expect(pulls()).toEqual([10, 10]);
    expect(told).toEqual(['idle']);
  });

  it.each([
    [409, 'Consumer Deleted', 10],
    [409, 'Consumer Deleted', undefined],
    [409, 'Leadership Change', undefined],
    [409, 'Server Shutdown', 10],
    [503, 'No Responders', undefined],
    [400, 'Bad Request', undefined],
  ])('wants somebody to look after %i %s, once', (code, description, left) => {
    const { puller, pulls, status, told } = make();
    puller.refill(upTo(10));
    status(code, description, left);
    status(code, description, left);
    puller.refill(upTo(10));
    expect(told).toEqual([`stalled: ${code} ${description}`]);
    expect(pulls()).toEqual([10]);
  });

  it('wants somebody to look when the heartbeats that it asked for stop', () => {
    const { puller, clock, status, told } = make();
    puller.refill(upTo(10));
    for (let second = 0; second < 30; second += 5) {
      clock.advance(5_000);
      status(100, 'Idle Heartbeat', undefined);
    }
    expect(new Set(told)).toEqual(new Set(['idle']));
    told.length = 0;
    clock.advance(16_000);
    expect(told).toEqual([expect.stringMatching(/^stalled: no heartbeat for 1\d s$/)]);
  });

  it('expects no heartbeat while it waits for nothing, nor after it was dropped', () => {
    const { puller, clock, told, deliver } = make();
    puller.refill(upTo(1));
    deliver();
    clock.advance(60_000);
    puller.refill(upTo(1));
    puller.drop();
    clock.advance(60_000);
    expect(told).toEqual(['message']);
    expect(clock.pending().length).toBe(0);
  });
});

const upTo = (room: number) => ({ room, batch: 1_000, bytes: 1_000_000 });

function make({ byTurns = false } = {}) {
  const clock = new VirtualClock(0);
  const published: string[] = [];
  const told: string[] = [];
  let callback: (error: null, message: Msg) => void = () => undefined;
  let closed = false;
  const nc = {
    publish: (_subject: string, body: string) => void published.push(body),
    subscribe: (_subject: string, options: { callback: typeof callback }) => {
      callback = options.callback;
      return { isClosed: () => closed, unsubscribe: () => (closed = true) };
    },
  } as unknown as NatsConnection;
  const ends: (() => void)[] = [];
  const events: PullerEvents = {
    message: () => void told.push('message'),
    stalled: (why) => void told.push(`stalled: ${why}`),
    idle: () => void told.push('idle'),
  };
  // Otherwise each refill has a turn of its own.
  const puller = new Puller(nc, 'next', 'inbox', clock, events, (end) => {
    if (byTurns) ends.push(end);
    else end();
  });
  return {
    puller,
    turn: () => ends.splice(0).forEach((end) => end()),
    clock,
    told,
    requests: () => published.map((body) => JSON.parse(body) as { batch: number; max_bytes?: number }),
    pulls: () => published.map((body) => (JSON.parse(body) as { batch: number }).batch),
    deliver: () => callback(null, { subject: 'data' } as Msg),
    status(code: number, description: string, left: number | undefined) {
      const told = headers(code, description);
      if (left !== undefined) told.set('Nats-Pending-Messages', String(left));
      callback(null, { subject: 'inbox', headers: told } as unknown as Msg);
    },
  };
}
