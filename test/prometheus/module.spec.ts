import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { register, Registry } from 'prom-client';
import { type HandlerHandle, Subscribe } from '../../lib/index.js';
import { MultiBrokerMetricsModule } from '../../lib/prometheus/index.js';
import { lagsOf } from '../../lib/prometheus/lags.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { closeHttpApps } from '../support/http-app.js';
import { closeTestApps, testApp } from '../support/test-app.js';
import { measuredOnTwins } from './support.js';

afterEach(closeHttpApps);
afterEach(closeTestApps);

const names = (registry: Registry): readonly string[] => registry.getMetricsAsArray().map(({ name }) => name);

describe('MultiBrokerMetricsModule', () => {
  it('answers a scrape in the text format, with help and type of each metric', async () => {
    const { get } = await measuredOnTwins({});
    const { contentType, text } = await get('/metrics');
    expect(contentType).toContain('text/plain');
    expect(text).toMatch(/# HELP multi_broker_broker_up .+\n# TYPE multi_broker_broker_up gauge\n/);
  });

  it('uses the default registry of prom-client, and leaves it with the application', async () => {
    const { moduleRef } = await testApp([], { imports: [MultiBrokerMetricsModule] });
    expect(names(register)).toContain('multi_broker_broker_up');
    await moduleRef.close();
    expect(names(register)).toEqual([]);
    await testApp([], { imports: [MultiBrokerMetricsModule.forRoot()] });
    expect(names(register)).toContain('multi_broker_broker_up');
  });

  it('has prefix and buckets of your own', async () => {
    const registry = new Registry();
    await testApp([], { imports: [MultiBrokerMetricsModule.forRoot({ registry, prefix: 'shop_', buckets: [1, 2] })] });
    expect(names(registry).filter((name) => !name.startsWith('shop_'))).toEqual([]);
    expect(names(register)).toEqual([]);
  });

  it('is refused a second time in one registry, with what to do', async () => {
    const registry = new Registry();
    const imports = [MultiBrokerMetricsModule.forRoot({ registry })];
    await testApp([], { imports });
    await expect(testApp([], { imports })).rejects.toThrow(/'multi_broker_.+' already: give each application/);
  });

  it('counts for its own application alone', async () => {
    @Injectable()
    class Reader {
      @Subscribe('events', 'incoming')
      read() {}
    }
    const [one, other] = [
      await measuredOnTwins({ providers: [Reader] }),
      await measuredOnTwins({ providers: [Reader] }),
    ];
    await one.harness.publish('events', 'incoming', 1);
    const [own, others] = [await one.scrape(), await other.scrape()];
    expect(own.all('handler_duration_seconds_count')).toHaveLength(1);
    expect(own.value('messages_published_total', { broker: 'events' })).toBe(1);
    expect(others.names).not.toContain('multi_broker_handler_duration_seconds_count');
    expect(others.value('messages_published_total', { broker: 'events' })).toBeUndefined();
  });

  it.each<[what: string, options: object, error: string]>([
    ['an unknown option', { prefx: 'a_' }, "did you mean 'prefix'?"],
    ['a prefix that no metric may have', { prefix: 'shop-' }, 'letters, digits'],
    ['buckets that do not ascend', { buckets: [1, 1] }, 'ascending'],
    ['no buckets', { buckets: [] }, 'at least one'],
  ])('is refused %s', async (_what, options, error) => {
    await expect(testApp([], { imports: [MultiBrokerMetricsModule.forRoot(options)] })).rejects.toThrow(error);
  });
});

describe('a scrape', () => {
  it('does not wait for a server that does not say how much waits', async () => {
    const clock = new VirtualClock();
    const handles = ['slow', 'quick'].map((handler) => {
      return { broker: 'orders', source: handler, handler } as HandlerHandle;
    });
    const lags = {
      of: ({ handler }: HandlerHandle) =>
        handler === 'slow' ? new Promise<never>(() => undefined) : Promise.resolve({ messages: 3 }),
    };
    const samples = lagsOf(handles, lags, clock);
    await new Promise(setImmediate);
    clock.advance(2_000);
    expect(await samples).toEqual([{ labels: { broker: 'orders', address: 'quick', handler: 'quick' }, value: 3 }]);
  });
});
