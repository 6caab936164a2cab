import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { type BatchContext, type BrokerMessage, MultiBroker, outgoing, Payload, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { open } from '../support/delivery-rig.js';
import { keyedBatchScenarios } from '../support/keyed-batch-scenarios.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

describe('on twins, batches with concurrency', () => {
  keyedBatchScenarios({
    places: {
      'a topic': async () => ({ broker: 'orders', source: 'in', to: 'in' }),
      'a stream': async () => {
        const source = stream('IN', { durable: 'd', subjects: ['in'] });
        return { broker: 'events', source, to: toStream('in') };
      },
      'a core subject': async () => ({ broker: 'events', source: 'in', to: 'in' }),
    },
    start: async (handlers) => {
      const { moduleRef, harness } = await testApp([handlers]);
      harness.expectFailures();
      return { brokers: moduleRef.get(MultiBroker), harness };
    },
  });

  it('are ordered by what orderBy reads; a message for which it throws fails alone, and its batch is handled', async () => {
    const calls: number[][] = [];
    const device = ({ payload }: BrokerMessage<{ device?: string }>): string => {
      if (payload.device === undefined) throw new TypeError('no device');
      return payload.device;
    };

    @Injectable()
    class Handlers {
      @Subscribe('orders', 'in', {
        batch: { maxSize: 10 },
        concurrency: { perLane: 4, orderBy: device },
        ack: 'reject-on-error',
        retry: { attempts: 1 },
      })
      on(@Payload() readings: { device: string; n: number }[]) {
        calls.push(readings.map(({ n }) => n));
      }
    }
    const { broker, harness } = await testApp([Handlers]);
    harness.expectFailures();
    const devices = ['a', 'b', undefined, 'a'];
    await broker('orders').publishBatch(
      'in',
      devices.map((name, n) => outgoing({ device: name, n }, { key: 'k' })),
    );
    await harness.settled();
    expect(calls).toEqual([[0, 1, 3]]);
    const told = harness.deliveries().map(({ outcome }) => outcome);
    expect(told.sort()).toEqual(['acked', 'acked', 'acked', 'rejected']);
  });

  it('have an instance of request scope each', async () => {
    const made: BatchContext<number>[] = [];
    const first = open();

    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) private readonly context: BatchContext<number>) {
        made.push(context);
      }

      @Subscribe('events', 'in', { batch: { maxSize: 2 }, concurrency: 2 })
      async on(@Payload() numbers: number[]) {
        if (made.length < 2) await first.promise;
        expect(this.context.messages.map(({ payload }) => payload)).toEqual(numbers);
        first.resolve();
      }
    }
    const { broker, harness } = await testApp([Scoped]);
    await broker('events').publishBatch(
      'in',
      [1, 2, 3, 4].map((n) => outgoing(n, { key: `k${n}` })),
    );
    await harness.settled();
    expect(made.map(({ messages }) => messages.map(({ payload }) => payload))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('may have a total alone', async () => {
    @Injectable()
    class Handlers {
      @Subscribe('orders', 'in', { batch: { maxSize: 10 }, concurrency: { total: 2 } })
      on(@Payload() _numbers: number[]) {}
    }
    const { broker, harness } = await testApp([Handlers]);
    await broker('orders').publishBatch(
      'in',
      [1, 2, 3].map((n) => outgoing(n, { key: `k${n}` })),
    );
    await harness.settled();
    expect(harness.deliveries().map(({ outcome }) => outcome)).toEqual(['acked', 'acked', 'acked']);
  });
});
