import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, type MessageContext, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { queue, queueBroker } from '../../conformance/third-driver/definition.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

const LEASE_MS = 20_000;

@Injectable()
class Bridge {
  readonly ids: string[] = [];

  @Subscribe('source', queue('in', { leaseMs: LEASE_MS }))
  @PublishTo('target', queue('out'))
  pass(@Payload() text: string, @Ctx() { message }: MessageContext) {
    this.ids.push(message.id);
    return text;
  }

  @Subscribe('target', queue('out'))
  read(@Payload() _text: string) {}

  @Subscribe('source', queue('by-hand', { leaseMs: LEASE_MS }), { ack: 'manual' })
  manual(@Payload() _text: string) {}
}

afterEach(closeTestApps);

const app = () =>
  testApp([Bridge], { definitions: [queueBroker({ name: 'source' }), queueBroker({ name: 'target' })] });

describe('faults of a twin that knows the driver port alone', () => {
  it.each([
    ['before-publish', 'target', 1],
    ['after-publish', 'target', 2],
    ['before-settle', 'source', 2],
  ] as const)('a crash %s: the message comes again, and its result is there', async (point, broker, copies) => {
    const { harness } = await app();
    harness.fault(broker).crashAt(point);
    await harness.publish('source', 'in', 'a');
    expect(harness.deliveries({ handler: 'Bridge.pass' })).toMatchObject([{ outcome: 'abandoned' }]);

    await harness.restart();
    await harness.clock.advance(LEASE_MS);
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledTimes(2);
    expect(harness.deliveries({ handler: 'Bridge.pass' }).at(-1)).toMatchObject({ outcome: 'acked' });
    expect(harness.handler(Bridge, 'read')).toHaveBeenCalledTimes(copies);
    expect(harness.pending()).toEqual([]);
  });

  it('a dropped connection: nothing is read or written meanwhile, and what was unsettled comes again', async () => {
    const { harness, broker } = await app();
    await harness.publish('source', 'by-hand', 'x');
    await harness.fault('source').dropConnection({ forMs: 1_000 });
    expect(broker('source').health().status).toBe('down');
    await expect(harness.publish('source', 'in', 'x')).rejects.toMatchObject({ code: 'MULTI_BROKER_NOT_CONNECTED' });
    await harness.clock.advance(1_000);
    await harness.publish('source', 'in', 'a');
    expect(harness.handler(Bridge, 'read').mock.calls).toEqual([['a']]);
    // A twin that does not know how to be abandoned is closed, and gives back at once.
    expect(harness.handler(Bridge, 'manual')).toHaveBeenCalledTimes(2);
  });

  it('a dropped target: the results wait for their next try', async () => {
    const { harness } = await app();
    await harness.fault('target').dropConnection({ forMs: 5_000 });
    await harness.publish('source', 'in', 'a');
    // Timers that the twin does not name by the words of the others are listed as its own.
    expect(harness.pending()).toMatchObject([
      { why: 'publish-retry', broker: 'target' },
      { what: 'connection comes back' },
      { why: 'timer', what: 'a lease of in/all' },
    ]);
    await harness.clock.advance(60_000);
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledTimes(1);
    expect(harness.handler(Bridge, 'read').mock.calls).toEqual([['a']]);
  });

  it('a publish that may be written, and a slow one', async () => {
    const { harness } = await app();
    harness.fault('target').failPublish({ times: 1, written: 'maybe' });
    harness.fault('target').slowPublish(100);
    await harness.publish('source', 'in', 'a');
    expect(harness.pending()[0]).toMatchObject({ why: 'publish', broker: 'target', inMs: 100 });
    await harness.clock.advance(60_000);
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledTimes(1);
    expect(harness.handler(Bridge, 'read').mock.calls).toEqual([['a'], ['a']]);
  });

  it('a start that fails is told with its broker, and the next one succeeds', async () => {
    const { harness } = await app();
    harness.fault('target').failStart();
    await expect(harness.restart()).rejects.toThrow(/'target'.*ECONNREFUSED/s);
    await harness.restart();
    await harness.publish('source', 'in', 'a');
    expect(harness.handler(Bridge, 'read')).toHaveBeenCalledWith('a');
  });

  it('a duplicate has the same message.id', async () => {
    const { harness, get } = await app();
    harness.fault('source').duplicateNext();
    await harness.publish('source', 'in', 'a');
    const { ids } = get(Bridge);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(harness.pending()).toEqual([]);
  });
});
