import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';

const { setTimeout: startTimer } = globalThis;

@Injectable()
class Handlers {
  @Subscribe('orders', 'incoming')
  async slow() {
    await new Promise((resolve) => startTimer(resolve, 30));
  }
}

let app: TestApp;
beforeEach(async () => {
  app = await testApp([Handlers]);
});
afterEach(async () => {
  jest.useRealTimers();
  await closeTestApps();
});

describe('waitFor()', () => {
  it('resolves when its predicate holds, also while a test holds the timers', async () => {
    jest.useFakeTimers();
    await app.broker('orders').publish('incoming', 'x');
    await app.harness.waitFor(() => app.harness.deliveries({ outcome: 'acked' }).length === 1);
    expect(app.harness.handler(Handlers, 'slow')).toHaveBeenCalledTimes(1);
  });

  it('takes what a predicate throws, or a promise of false, for not yet', async () => {
    let asked = 0;
    await app.harness.waitFor(async () => {
      await Promise.resolve();
      if (++asked < 3) throw new Error('not yet');
      return asked > 4;
    });
    expect(asked).toBe(5);
  });

  it('gives up in time, with the last error and what has happened', async () => {
    await app.harness.publish('orders', 'incoming', 'tea');
    const waiting = app.harness.waitFor(
      () => {
        throw new Error('no coffee');
      },
      { timeoutMs: 30 },
    );
    await expect(waiting).rejects.toMatchObject({
      code: 'MULTI_BROKER_WAIT_TIMEOUT',
      message: expect.stringMatching(/within 30 ms \(no coffee\)\n\nTimeline:\n'orders' ← incoming "tea"/),
      cause: { message: 'no coffee' },
    });
  });

  it('waits on twins as long as settled() does', async () => {
    app = await testApp([Handlers], { settleTimeoutMs: 40 });
    await expect(app.harness.waitFor(() => false)).rejects.toThrow('within 40 ms');
  });
});
