import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import {
  type BrokerDefinition,
  type DestinationSpec,
  type Driver,
  JsonMessage,
  type Outgoing,
  readableBy,
} from '../../lib/driver/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, events, orders, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const jobs = stream('JOBS', { durable: 'd', subjects: ['jobs'], storage: 'memory' });

@Injectable()
class Handlers {
  readonly got: unknown[] = [];

  @Subscribe('orders', 'in')
  @PublishTo('orders', 'out')
  @PublishTo('events', toStream('jobs'))
  pass(@Payload() { n }: { n: number }) {
    return { twice: 2 * n };
  }

  @Subscribe('orders', 'out')
  fromKafka(@Payload() payload: unknown) {
    this.got.push(['kafka', payload]);
  }

  @Subscribe('events', jobs)
  fromStream(@Payload() payload: unknown) {
    this.got.push(['jetstream', payload]);
  }
}

type Publish = Driver['publish'];

/** A user's own `publish` around that of a driver: it adds a header to copies of the messages. */
const spreading =
  (publish: Publish, seen: Outgoing[]): Publish =>
  (to: DestinationSpec, batch: readonly Outgoing[]) => {
    const copies = batch.map((message) => ({ ...message, headers: { ...message.headers, tenant: 'acme' } }));
    seen.push(...copies);
    return publish(to, copies);
  };

const wrappers: readonly [string, (driver: Driver, seen: Outgoing[]) => Driver][] = [
  [
    'an object in front of it',
    (driver, seen) =>
      new Proxy(driver, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (name === 'publish') return spreading(target.publish.bind(target), seen);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
  ],
  [
    'a method in place of its own',
    (driver, seen) => Object.assign(driver, { publish: spreading(driver.publish.bind(driver), seen) }),
  ],
];

describe('a driver of ours that is wrapped by', () => {
  it.each(wrappers)('%s gets messages with all fields, so that copies of them are whole', async (_what, wrapped) => {
    const seen: Outgoing[] = [];
    const of = (broker: BrokerDefinition): BrokerDefinition => ({
      ...broker,
      twin: async () => wrapped(await broker.twin(), seen),
    });
    const { get, harness } = await testApp([Handlers], { definitions: [of(orders), of(events)] });
    await harness.publish('orders', 'in', { n: 2 });
    expect(get(Handlers).got).toEqual(
      expect.arrayContaining([
        ['kafka', { twice: 4 }],
        ['jetstream', { twice: 4 }],
      ]),
    );
    const results = seen.filter(({ headers }) => headers?.['multi-broker-hops'] !== undefined);
    expect(results.map(({ dedupeId }) => typeof dedupeId).sort()).toEqual(['string', 'undefined']);
    for (const { headers } of results) expect(headers).toMatchObject({ 'content-type': 'application/json' });
  });
});

describe('a driver of ours that is not wrapped', () => {
  it.each([orders, events])('reads messages by name, and gets them as they are: $kind', async (broker) => {
    const batch: Outgoing[] = [];
    for (const driver of [await broker.driver(), await broker.twin()]) expect(readableBy(driver, batch)).toBe(batch);
  });

  it('gets them so behind what testing records and faults go through, too', async () => {
    const whole = jest.spyOn(JsonMessage.prototype, 'whole');
    const { get, harness } = await testApp([Handlers]);
    await harness.publish('orders', 'in', { n: 2 });
    expect(get(Handlers).got).toHaveLength(2);
    expect(whole).not.toHaveBeenCalled();
    whole.mockRestore();
  });
});
