import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type LoggerService } from '@nestjs/common';
import { Subscribe } from '../../lib/index.js';
import type { BrokerDefinition, DeadLetterOptions, Source } from '../../lib/driver/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

interface Setting {
  readonly broker: string;
  readonly source: string | Source;
  readonly deadLetter: string | DeadLetterOptions;
  readonly definitions?: readonly BrokerDefinition[];
  readonly logger?: LoggerService;
}

/** An application whose only handler gives up every message. */
function application({ broker, source, deadLetter, ...options }: Setting) {
  @Injectable()
  class Orders {
    @Subscribe(broker, source as string, { deadLetter, ack: 'reject-on-error' })
    handle() {
      throw new Error('no');
    }

    // So that there is a stream for letters.
    @Subscribe('events', stream('DEAD', { durable: 'd', subjects: ['dead.>', 'staging.dead.>'] }), {
      deadLetter: false,
    })
    letters() {}
  }
  return testApp([Orders], options);
}

const onEvents = { broker: 'events', destination: toStream('dead.{source}') };
const onOrders = { broker: 'orders', destination: '{source}.dlq' };
const staged: readonly BrokerDefinition[] = [
  kafkaBroker({ name: 'orders', groupId: 'g', prefix: 'staging.', client: { brokers: ['localhost:9092'] } }),
  natsBroker({ name: 'events', prefix: 'staging.', client: {} }),
];

describe.each([
  ['a subject with a wildcard', 'events', 'orders.*.created'],
  ['a subject with a tail', 'events', subject('orders.>')],
  ['a path of core NATS', 'events', 'orders.{region}.created'],
  ['a path of Kafka', 'orders', 'orders.{region}.created'],
  ['a RegExp of Kafka', 'orders', topic(/^orders\.\w+\.created$/)],
] as const)('{source} in a dead letter of %s', (_, broker, source) => {
  it.each([
    ['a stream', onEvents, 'events', 'dead.orders.eu.created'],
    ['a topic', onOrders, 'orders', 'orders.eu.created.dlq'],
  ] as const)('is the address of each message: to %s', async (_of, deadLetter, target, address) => {
    const { harness } = await application({ broker, source, deadLetter });
    await harness.publish(broker, 'orders.eu.created', 1).catch(() => undefined);
    await harness.publish(broker, 'orders.us.created', 2).catch(() => undefined);
    expect(harness.published(target, address)).toMatchObject([{ payload: 1 }]);
    expect(harness.published(target, address.replace('eu', 'us'))).toMatchObject([{ payload: 2 }]);
  });

  it('is without the prefix of its broker, and the letter has that of its own', async () => {
    const { harness } = await application({ broker, source, deadLetter: onEvents, definitions: staged });
    await harness.publish(broker, 'orders.eu.created', 1).catch(() => undefined);
    expect(harness.published('events', 'dead.orders.eu.created')).toMatchObject([
      { payload: 1, destination: 'staging.dead.orders.eu.created' },
    ]);
  });
});

describe('a letter whose name is that of its message', () => {
  it('may have params of a path besides', async () => {
    const deadLetter = { broker: 'events', destination: toStream('dead.{region}.{source}') };
    const { harness } = await application({ broker: 'orders', source: 'orders.{region}', deadLetter });
    await harness.publish('orders', 'orders.eu', 1).catch(() => undefined);
    expect(harness.published('events', 'dead.eu.orders.eu')).toMatchObject([{ payload: 1 }]);
  });

  it('is shown with {source} in the line of its handler', async () => {
    const lines: unknown[] = [];
    const logger = { log: (line: unknown) => lines.push(line), error() {}, warn() {} };
    const deadLetter = '{source}.dlq';
    await application({ broker: 'orders', source: 'orders.{region}', deadLetter, logger, definitions: staged });
    expect(lines.filter((line) => String(line).includes('Orders.handle'))).toEqual([
      expect.stringContaining('dead letters → orders/staging.{source}.dlq'),
    ]);
  });

  it.each([
    ['a tail', 'events', 'orders.>', '{source}.dlq'],
    [
      'a path that is as long',
      'orders',
      'orders.{region}.{kind}',
      { broker: 'orders', destination: 'orders.x.{kind}' },
    ],
    ['a RegExp that takes all', 'orders', topic(/./), '{source}.dlq'],
    ['a RegExp without an end', 'orders', topic(/^orders\./), '{source}.dlq'],
  ] as const)(
    'must not come back to its handler, which the start tells of %s',
    async (_, broker, source, deadLetter) => {
      await expect(application({ broker, source, deadLetter })).rejects.toThrow(/MULTI_BROKER_DEAD_LETTER_LOOP/);
    },
  );

  it('is not written where a RegExp would read it after the next start: the message is held, and health says so', async () => {
    const { harness, broker } = await application({
      broker: 'orders',
      source: topic(/^(orders|payments)\./),
      deadLetter: '{source}.dlq',
    });
    await harness.publish('orders', 'orders.eu', 1).catch(() => undefined);
    expect(harness.published('orders', 'orders.eu.dlq')).toEqual([]);
    expect(broker('orders').health().reasons.join()).toMatch(/orders\.eu\.dlq.*is where Orders\.handle reads/);
  });

  it('of a subject that no topic can have is dropped by core NATS, and told', async () => {
    const { harness, broker } = await application({ broker: 'events', source: 'orders.*', deadLetter: onOrders });
    await harness.publish('events', 'orders.ü', 1).catch(() => undefined);
    expect(harness.published('orders')).toEqual([]);
    expect(broker('events').health().counts).toMatchObject({ deadLettered: 0, dropped: 0, rejected: 1 });
  });
});

it('{source} of a stream is the name of the stream', async () => {
  const source = stream('ORDERS', { durable: 'd', subjects: ['orders.*'] });
  const { harness } = await application({ broker: 'events', source, deadLetter: onEvents });
  await harness.publish('events', toStream('orders.eu'), 1).catch(() => undefined);
  expect(harness.published('events', 'dead.ORDERS')).toMatchObject([{ payload: 1 }]);
});
