import { describe, expect, it } from '@jest/globals';
import type { Incoming, Lane, Sink } from '../../lib/driver/index.js';
import { Feed, DeliveryTurns } from '../../lib/twin/index.js';

function setUp({ waits = true, take }: { waits?: boolean; take?: Sink['take'] } = {}) {
  const turns = new DeliveryTurns();
  const queue: Incoming[] = [];
  const taken: string[][] = [];
  const lost = new AbortController();
  const lane = { backpressure: waits, lost: lost.signal } as Lane;
  const sink: Sink = {
    opened: () => {},
    take: (to, batch) => {
      taken.push(batch.map((message) => message.position));
      return take?.(to, batch);
    },
  };
  const feed = new Feed(lane, sink, turns, (max) => queue.splice(0, max));
  const push = (...positions: string[]): void => {
    queue.push(...positions.map((position) => ({ position }) as Incoming));
    feed.wake();
  };
  return { turns, taken, lost, feed, push };
}

describe('a feed', () => {
  it('hands over in a later turn, what came in one turn as one batch', async () => {
    const { turns, taken, push } = setUp();
    push('1');
    push('2', '3');
    expect(taken).toEqual([]);
    await turns.idle();
    expect(taken).toEqual([['1', '2', '3']]);
  });

  it('hands over nothing while the sink is full, and goes on when there is room', async () => {
    let room: (() => void) | undefined;
    const { turns, taken, push, feed } = setUp({ take: () => new Promise((resolve) => (room = resolve)) });
    push('1');
    await turns.idle();
    push('2');
    await turns.idle();
    expect([taken, feed.free]).toEqual([[['1']], false]);
    room?.();
    await Promise.resolve();
    await turns.idle();
    expect(taken).toEqual([['1'], ['2']]);
  });

  it('does not wait where the lane does not', async () => {
    const { turns, taken, push } = setUp({ waits: false, take: () => new Promise(() => {}) });
    push('1');
    await turns.idle();
    push('2');
    await turns.idle();
    expect(taken).toEqual([['1'], ['2']]);
  });

  it('hands over nothing once it is stopped, not even what is due', async () => {
    const { turns, taken, push, feed } = setUp();
    push('1');
    feed.stop();
    await turns.idle();
    expect(taken).toEqual([]);
  });

  it('hands over nothing once its lane is lost', async () => {
    const { turns, taken, push, lost } = setUp();
    push('1');
    lost.abort();
    await turns.idle();
    expect(taken).toEqual([]);
  });

  it('hands over a backlog in bounded batches, all of it and in order', async () => {
    const { turns, taken, push } = setUp();
    const all = Array.from({ length: 1_000 }, (_, i) => String(i));
    push(...all);
    await turns.idle();
    expect(taken.length).toBeGreaterThan(1);
    expect(taken.flat()).toEqual(all);
  });
});
