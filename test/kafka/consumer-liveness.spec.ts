import { describe, expect, it } from '@jest/globals';

import { ConsumerLiveness } from '../../lib/kafka/driver/consumer/consumer-liveness.js';
import { VirtualClock } from '../../lib/twin/index.js';

const TIMEOUTS = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000 };

describe('the watch over a consumer', () => {
  it('takes one that gives no sign of life for dead, and tells of the silence before', () => {
    const clock = new VirtualClock();
    const dead: string[] = [];
    const vitals = new ConsumerLiveness(clock, TIMEOUTS, ({ message }) => dead.push(message));
    for (let beat = 0; beat < 20; beat++) {
      clock.advance(5_000);
      vitals.seen();
    }
    const alive = [dead.length, vitals.silentMs];
    clock.advance(11_000);
    const silent = [dead.length, vitals.silentMs];
    clock.advance(40_000);
    expect([alive, silent, dead.length]).toEqual([[0, undefined], [0, 11_000], 1]);
  });

  it('lets one that tries, and gets no answer, try for some time: the server is away', () => {
    const clock = new VirtualClock();
    const dead: string[] = [];
    const vitals = new ConsumerLiveness(clock, TIMEOUTS, ({ message }) => dead.push(message));
    const tryFor = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        clock.advance(1_000);
        vitals.tried();
      }
    };
    tryFor(80_000);
    const trying = [dead.length, vitals.silentMs];
    tryFor(20_000);
    expect([trying, dead.length]).toEqual([[0, 80_000], 1]);
  });

  it('ends with the consumer', () => {
    const clock = new VirtualClock();
    const dead: string[] = [];
    const vitals = new ConsumerLiveness(clock, TIMEOUTS, ({ message }) => dead.push(message));
    vitals.close();
    clock.advance(600_000);
    expect(dead).toEqual([]);
  });
});
