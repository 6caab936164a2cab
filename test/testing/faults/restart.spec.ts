import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { InjectBroker, type Broker, Payload, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

const MAIL = stream('MAIL', { subjects: ['mail.>'], durable: 'mailer', ackWaitMs: 20_000 });

@Injectable()
class Reader {
  readonly attempts: number[] = [];

  @Subscribe('events', MAIL)
  mail(@Payload() _text: string) {}

  @Subscribe('events', 'core')
  core(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('harness.restart()', () => {
  it('brings a JetStream message again after its ack wait and not before, counted', async () => {
    const { harness } = await testApp([Reader]);
    harness.fault('events').crashAt('before-settle');
    await harness.publish('events', toStream('mail.a'), 'a');
    await harness.restart();
    await harness.clock.advance(19_999);
    expect(harness.handler(Reader, 'mail')).toHaveBeenCalledTimes(1);
    await harness.clock.advance(1);
    expect(harness.handler(Reader, 'mail')).toHaveBeenCalledTimes(2);
    const [first, again] = harness.deliveries();
    expect(again?.attempt).toBeGreaterThan(first?.attempt ?? 0);
    expect(again?.position).toBe(first?.position);
    expect(again?.outcome).toBe('acked');
  });

  it('brings a core NATS message never again', async () => {
    const { harness } = await testApp([Reader]);
    harness.fault('events').crashAt('before-settle');
    await harness.publish('events', 'core', 'a');
    expect(harness.deliveries()).toMatchObject([{ outcome: 'abandoned' }]);
    await harness.restart();
    await harness.clock.advance(600_000);
    expect(harness.handler(Reader, 'core')).toHaveBeenCalledTimes(1);
    await harness.publish('events', 'core', 'b');
    expect(harness.handler(Reader, 'core').mock.calls).toEqual([['a'], ['b']]);
  });

  it('without a crash kills what runs: its message comes again, and the old call gets nothing out', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const told: unknown[] = [];
    @Injectable()
    class Slow {
      calls = 0;

      constructor(@InjectBroker('events') private readonly events: Broker) {}

      @Subscribe('orders', 'in')
      async take(@Payload() text: string) {
        if (++this.calls > 1) return;
        await gate;
        await this.events.publish('out', text).catch((error: unknown) => told.push(error));
      }
    }
    const { harness, broker, get } = await testApp([Slow]);
    await broker('orders').publish('in', 'a');
    await harness.waitFor(() => get(Slow).calls === 1);
    await harness.restart();
    expect(get(Slow).calls).toBe(2);
    release();
    await harness.waitFor(() => told.length === 1);
    expect(told).toMatchObject([{ code: 'MULTI_BROKER_STOPPED' }]);
    expect(harness.published('events')).toEqual([]);
    expect(harness.deliveries().map(({ outcome }) => outcome)).toEqual(['abandoned', 'acked']);
  });

  it('rejects with what the start fails with, and may be tried again', async () => {
    const { harness } = await testApp([Reader]);
    harness.fault('events').failStart();
    await expect(harness.restart()).rejects.toThrow(/'events'.*ECONNREFUSED/s);
    await harness.restart();
    await harness.publish('events', 'core', 'a');
    expect(harness.handler(Reader, 'core')).toHaveBeenCalledTimes(1);
  });

  it('does nothing to real brokers', async () => {
    const { harness } = await testApp([], { definitions: [], real: true });
    await expect(harness.restart()).rejects.toMatchObject({ code: 'MULTI_BROKER_REAL_BROKERS' });
  });
});
