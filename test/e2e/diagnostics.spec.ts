import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryTrace } from '../../lib/delivery/index.js';
import { type LifecycleTrace, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const store = new AsyncLocalStorage<string>();

@Injectable()
class Bridge {
  failing = 0;
  seen: (string | undefined)[] = [];

  @Subscribe('orders', 'incoming', { retry: { attempts: 2 } })
  @PublishTo('events', 'outgoing')
  async fromKafka(@Payload() text: string) {
    await Promise.resolve();
    this.seen.push(store.getStore());
    if (this.failing-- > 0) throw new Error('down');
    return text;
  }

  @Subscribe('orders', 'refused', { ack: 'reject-on-error', retry: { attempts: 1 } })
  refuses() {
    throw new Error('no');
  }

  @Subscribe('orders', 'parked', { deadLetter: '{source}.dlq', retry: { attempts: 1 } })
  parks() {
    throw new Error('no');
  }

  @Subscribe('events', 'asked')
  answers() {
    return 'secret answer';
  }
}

const NAMES = ['delivery', 'publish', 'request', 'lifecycle'] as const;
const EVENTS = ['start', 'end', 'error', 'asyncEnd'] as const;

describe('diagnostics channels', () => {
  let lines: string[] = [];
  let traces: unknown[] = [];
  const listeners = [
    ...NAMES.flatMap((name) =>
      EVENTS.map((event) => [`tracing:nestjs-multi-broker:${name}:${event}`, `${name} ${event}`]),
    ),
    ...['wait', 'settle', 'lost'].map((step) => [`nestjs-multi-broker:delivery:${step}`, `delivery ${step}`]),
  ].map(([name = '', step]) => {
    const listener = (trace: unknown): void => {
      traces.push(trace);
      const { handler, address, phase, attempt, outcome, waitMs, error } = trace as Partial<
        DeliveryTrace & LifecycleTrace
      >;
      const parts = [step, handler ?? address ?? phase, attempt, outcome, waitMs, error?.message];
      lines.push(
        parts
          .filter((part) => part !== undefined)
          .map(String)
          .join(' '),
      );
    };
    return { name, listener };
  });

  beforeEach(() => {
    [lines, traces] = [[], []];
    for (const { name, listener } of listeners) subscribe(name, listener);
  });

  afterEach(async () => {
    await closeTestApps();
    for (const { name, listener } of listeners) unsubscribe(name, listener);
  });

  const of = (name: string): string[] => lines.filter((line) => line.startsWith(name));

  it('trace each call of a delivery, its failure, its wait and its settlement, with one object', async () => {
    const { harness, get } = await testApp([Bridge]);
    get(Bridge).failing = 1;
    await harness.publish('orders', 'incoming', 'secret');
    expect(of('delivery')).toEqual([
      'delivery start Bridge.fromKafka 1',
      'delivery end Bridge.fromKafka 1',
      'delivery error Bridge.fromKafka 1 down',
      'delivery wait Bridge.fromKafka 1 100 down',
      'delivery start Bridge.fromKafka 2',
      'delivery end Bridge.fromKafka 2',
      'delivery settle Bridge.fromKafka 2 acked',
      'delivery asyncEnd Bridge.fromKafka 2 acked',
    ]);
    const deliveries = traces.filter((trace) => 'messageId' in (trace as object));
    expect(new Set(deliveries).size).toBe(1);
    expect(deliveries[0]).toMatchObject({ broker: 'orders', kind: 'kafka', address: 'incoming' });
  });

  it('trace what is rejected, with its error', async () => {
    const { harness } = await testApp([Bridge]);
    await harness.publish('orders', 'refused', 'secret').catch(() => undefined);
    expect(of('delivery').slice(-3)).toEqual([
      'delivery error Bridge.refuses 1 no',
      'delivery settle Bridge.refuses 1 rejected no',
      'delivery asyncEnd Bridge.refuses 1 rejected no',
    ]);
  });

  it('trace what is parked: its letter is a publish of its handler, and the outcome says it', async () => {
    const { harness } = await testApp([Bridge]);
    await harness.publish('orders', 'parked', 'secret');
    expect(of('delivery').slice(-3)).toEqual([
      'delivery error Bridge.parks 1 no',
      'delivery settle Bridge.parks 1 dead-lettered no',
      'delivery asyncEnd Bridge.parks 1 dead-lettered no',
    ]);
    expect(of('publish').slice(-2)).toEqual(['publish start Bridge.parks', 'publish asyncEnd Bridge.parks']);
    expect(inspect(traces, { depth: 9, showHidden: true })).not.toMatch(/secret/);
  });

  it('trace publishes by code and of results, requests, and the phases of start and stop', async () => {
    const { harness, broker, moduleRef } = await testApp([Bridge]);
    await harness.publish('orders', 'incoming', 'secret');
    await broker('events').request('asked', 'secret question');
    await moduleRef.close();
    expect(of('publish')).toEqual([
      'publish start incoming',
      'publish asyncEnd incoming',
      'publish start Bridge.fromKafka',
      'publish asyncEnd Bridge.fromKafka',
      ...of('publish').slice(4),
    ]);
    expect(of('request')).toEqual(['request start asked', 'request asyncEnd asked']);
    expect(of('lifecycle')).toEqual(
      ['start', 'drain', 'disconnect'].flatMap((phase) => [`lifecycle start ${phase}`, `lifecycle asyncEnd ${phase}`]),
    );
    expect(
      inspect(
        traces.filter((trace) => !('outcome' in (trace as object))),
        { depth: 9 },
      ),
    ).not.toMatch(/secret/);
  });

  it('hold no payload and no header', async () => {
    const { harness } = await testApp([Bridge]);
    await harness.publish('orders', 'incoming', 'secret', { headers: { token: 'hidden' } });
    expect(inspect(traces, { depth: 9, showHidden: true })).not.toMatch(/secret|hidden/);
    expect(JSON.stringify(traces)).not.toMatch(/secret|hidden/);
  });

  it('run the handler within the stores that are bound to its start', async () => {
    const { start } = tracingChannel<string, DeliveryTrace>('nestjs-multi-broker:delivery');
    start.bindStore(store, ({ handler }) => `in ${handler}`);
    const { harness, get } = await testApp([Bridge]);
    await harness.publish('orders', 'incoming', 'x');
    start.unbindStore(store);
    expect([get(Bridge).seen, store.getStore()]).toEqual([['in Bridge.fromKafka'], undefined]);
  });
});

describe('one channel alone', () => {
  it.each([
    ['tracing:nestjs-multi-broker:delivery:asyncEnd', '2 acked'],
    ['nestjs-multi-broker:delivery:settle', '2 acked'],
    ['nestjs-multi-broker:delivery:wait', '1 down'],
  ])('%s tells the attempt, the error and the outcome, as beside the others', async (name, told) => {
    const lines: string[] = [];
    const listener = (trace: unknown): void => {
      const { handler, attempt, outcome, error } = trace as DeliveryTrace;
      if (handler !== 'Bridge.fromKafka') return;
      lines.push([attempt, outcome, error?.message].filter((part) => part !== undefined).join(' '));
    };
    subscribe(name, listener);
    const { harness, get } = await testApp([Bridge]);
    get(Bridge).failing = 1;
    await harness.publish('orders', 'incoming', 'x');
    unsubscribe(name, listener);
    expect(lines).toEqual([told]);
  });
});

it('a test module has nobody listen to the channels, and each sees its own deliveries alone', async () => {
  const { start, asyncEnd } = tracingChannel('nestjs-multi-broker:delivery');
  const [one, other] = [await testApp([Bridge]), await testApp([Bridge])];
  expect([start.hasSubscribers, asyncEnd.hasSubscribers]).toEqual([false, false]);
  await one.harness.publish('orders', 'incoming', 'x');
  expect([one.harness.deliveries().length, other.harness.deliveries().length]).toEqual([1, 0]);
  await closeTestApps();
});
