import { describe, expect, it } from '@jest/globals';
import { markRejection } from '../../lib/delivery/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const retry = { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };
const once = { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };

/** When each call came, in ms after the first, until the clock has moved by `ms`. */
async function callTimes(ms: number, options: RigOptions): Promise<number[]> {
  const times: number[] = [];
  const rig = new Rig({
    ...options,
    handle: (...given) => {
      times.push(rig.clock.now() - 1_000_000);
      return options.handle?.(...given);
    },
  });
  void rig.take(...messages('a'));
  await turns();
  while (rig.clock.nextAt() <= 1_000_000 + ms) {
    rig.clock.next();
    await turns();
  }
  return times;
}

const fail = (): never => {
  throw new Error('no');
};

describe('a handler that fails', () => {
  it('is called in place after 100 and 200 ms, then after 1 s, and so on, doubling to 30 s', async () => {
    const rounds = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    const expected = [0, 100, 300];
    for (const round of rounds) {
      const from = (expected.at(-1) ?? 0) + round;
      expected.push(from, from + 100, from + 300);
    }
    expect(await callTimes(95_000, { handle: fail })).toEqual(expected);
  });

  it('waits no longer than maxDelayMs between two calls', async () => {
    const binding = { ack: 'reject-on-error', retry: { ...retry, attempts: 5, maxDelayMs: 250 } } as const;
    expect(await callTimes(60_000, { handle: fail, binding })).toEqual([0, 100, 300, 550, 800]);
  });

  it('waits a part less where jitter is set, and never more', async () => {
    const binding = { ack: 'reject-on-error', retry: { ...retry, attempts: 20, factor: 1, jitter: 0.5 } } as const;
    const times = await callTimes(60_000, { handle: fail, binding });
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits).toHaveLength(19);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(50);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(100);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it('is not called in place where attempts is 1', async () => {
    expect(await callTimes(1_000, { handle: fail, binding: { retry: once } })).toEqual([0, 1_000]);
  });

  it('is called as often whether it throws or rejects', async () => {
    const handle = (): Promise<never> => Promise.reject(new Error('no'));
    expect(await callTimes(999, { handle })).toEqual([0, 100, 300]);
  });

  it('is not called in place for an error that cannot succeed', async () => {
    const handle = (): never => {
      throw Object.assign(new Error('never'), { retryable: false });
    };
    expect(await callTimes(1_000, { handle })).toEqual([0, 1_000]);
  });

  it('is called in place only for errors that retryIf takes', async () => {
    const handle = (): never => {
      throw new RangeError('no');
    };
    const only = (type: ErrorConstructor) => ({
      binding: { retry: { ...retry, retryIf: (error: Error) => error instanceof type } },
    });
    expect(await callTimes(999, { handle, ...only(TypeError) })).toEqual([0]);
    expect(await callTimes(999, { handle, ...only(RangeError) })).toEqual([0, 100, 300]);
  });

  it('is not called in place where retryIf itself fails, and its message is not lost', async () => {
    const binding = { retry: { ...retry, retryIf: fail } };
    expect(await callTimes(1_000, { handle: fail, binding })).toEqual([0, 1_000]);
  });

  it('is not called again after a refusal: the message is dropped at once', async () => {
    const rig = new Rig({
      handle: () => {
        throw markRejection(new Error('Forbidden'));
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.fates).toEqual(['a reject', 'b reject']);
    expect(rig.counts).toMatchObject({ failed: 2, rejected: 2, running: 0 });
  });

  it('is called in place too where it threw what is no Error', async () => {
    const handle = (): never => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw 'text';
    };
    expect(await callTimes(999, { handle })).toEqual([0, 100, 300]);
  });
});
