import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, type MessageContext, Payload, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

@Injectable()
class Handlers {
  readonly aborted: string[] = [];
  heeds = true;

  /** Runs until its signal aborts, at its first call. */
  @Subscribe('orders', 'limited', { maxProcessingMs: 5_000, retry: { attempts: 2 } })
  async limited(@Payload() _text: string, @Ctx() { signal, message }: MessageContext) {
    if (message.attempt > 1) return;
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        const reason = signal.reason as { code: string };
        this.aborted.push(reason.code);
        if (this.heeds) reject(signal.reason as Error);
      });
    });
  }

  @Subscribe('orders', 'endless')
  async endless() {
    await new Promise(() => {});
  }

  @Subscribe('orders', 'other')
  other(@Payload() _text: string) {}
}

afterEach(closeTestApps);

const app = () => testApp([Handlers], { settleTimeoutMs: 100 });

describe('a handler with maxProcessingMs that does not end', () => {
  it('is named by publish() as any other, and listed by pending() with the end of its time', async () => {
    const { harness } = await app();
    await expect(harness.publish('orders', 'limited', 'x')).rejects.toMatchObject({
      code: 'MULTI_BROKER_NOT_SETTLED',
      message: expect.stringMatching(
        /Running:\n- Handlers.limited.*Pending:\n- processing Handlers.limited.*in 5000 ms/s,
      ),
    });
    expect(harness.pending()).toEqual([
      {
        why: 'processing',
        broker: 'orders',
        handler: 'Handlers.limited',
        destination: 'limited',
        position: expect.any(String),
        attempt: 1,
        messages: 1,
        dueAt: harness.clock.now() + 5_000,
        inMs: 5_000,
      },
    ]);
  });

  it('is known then: others are not held up, and the clock goes on to its limit, where its signal aborts', async () => {
    const { harness, broker, get } = await app();
    await expect(harness.publish('orders', 'limited', 'x')).rejects.toThrow(/did not come to rest/);
    await harness.publish('orders', 'other', 'y');
    expect(harness.handler(Handlers, 'other')).toHaveBeenCalledTimes(1);

    await harness.clock.advance(4_999);
    expect(get(Handlers).aborted).toEqual([]);
    expect(harness.pending()).toMatchObject([{ why: 'processing', inMs: 1 }]);
    await harness.clock.advance(1);
    expect(get(Handlers).aborted).toEqual(['MULTI_BROKER_PROCESSING_TIMEOUT']);
    expect(harness.deliveries({ handler: 'Handlers.limited' })).toMatchObject([{ outcome: 'acked', attempt: 2 }]);
    expect(broker('orders').health().status).toBe('up');
    expect(harness.pending()).toEqual([]);
  });

  it('lets the clock go on also where nobody has waited for it before', async () => {
    const { harness, broker, get } = await app();
    await broker('orders').publish('limited', 'x');
    expect(await harness.clock.next()).toBe(true);
    expect(get(Handlers).aborted).toEqual(['MULTI_BROKER_PROCESSING_TIMEOUT']);
  });

  it('is named again by the clock if it does not heed its signal', async () => {
    const { harness, broker, get } = await app();
    get(Handlers).heeds = false;
    await broker('orders').publish('limited', 'x');
    await expect(harness.clock.advance(10_000)).rejects.toThrow(/Running:\n- Handlers.limited/);
    expect(get(Handlers).aborted).toHaveLength(1);
    expect(broker('orders').health()).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringMatching(/runs longer than 5000 ms/)],
    });
  });
});

it('a handler without a limit keeps the clock where it is, and is named', async () => {
  const { harness } = await app();
  await expect(harness.publish('orders', 'endless', 'x')).rejects.toThrow(/Running:\n- Handlers.endless/);
  const now = harness.clock.now();
  await expect(harness.clock.advance(1_000)).rejects.toThrow(/Running:\n- Handlers.endless/);
  expect(harness.clock.now()).toBe(now);
});
