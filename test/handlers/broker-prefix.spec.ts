import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Handlers, MultiBroker, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker, type KafkaBrokerOptions, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const kafka = (options: Partial<KafkaBrokerOptions> = {}) =>
  kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['x:1'] }, prefix: 'staging.', ...options });
const nats = (prefix = 'staging.') => natsBroker({ name: 'events', client: {}, prefix });

describe('the prefix of a Kafka broker', () => {
  it('begins every topic, read and written, mapped or not, and no group', () => {
    const broker = kafka({ addresses: { incoming: 'orders.in' } });
    expect(broker.source('incoming')).toMatchObject({
      name: 'topic staging.orders.in (group g)',
      address: 'staging.orders.in',
      bareAddress: 'orders.in',
      groupId: 'g',
    });
    expect(broker.source(topic('plain')).address).toBe('staging.plain');
    expect(broker.destination('plain')).toMatchObject({ name: 'topic staging.plain', address: 'staging.plain' });
  });

  it('begins the topics that a RegExp matches, which sees the rest of the name', () => {
    const { topic: pattern, address } = kafka().source(topic(/^orders\.(?<region>.+)$/));
    if (typeof pattern === 'string') throw new Error('no pattern');
    const names = ['staging.orders.eu', 'orders.eu', 'staging.x.orders.eu', 'other.orders.eu'];
    expect(names.map((name) => pattern.matches(name))).toEqual([true, false, false, false]);
    expect(pattern.params('staging.orders.eu')).toEqual({ 0: 'eu', region: 'eu' });
    expect(address).toBe('staging./^orders\\.(?<region>.+)$/');
  });

  it('leaves the address of a reply as it is', () => {
    expect(kafka().at?.('orders.reply').address).toBe('orders.reply');
  });

  it.each(['', 'with blank ', 'a/', 5, 'x'.repeat(249)])('%j is checked before anything connects', (prefix) => {
    expect(kafka({ prefix: prefix as string }).problems()).toEqual(
      prefix === '' ? [] : [expect.stringMatching(/^prefix (holds|is)/)],
    );
  });
});

describe('the prefix of a NATS broker', () => {
  it('begins every subject, and with hyphens every stream; not durables and queues', () => {
    const broker = nats();
    expect(broker.source('orders.*')).toMatchObject({ address: 'staging.orders.*', bareAddress: 'orders.*' });
    const kept = stream('ORDERS', { durable: 'd', subjects: ['orders.>'], filter: 'orders.eu' });
    expect(broker.source(kept)).toMatchObject({
      name: 'stream staging-ORDERS (durable d)',
      address: 'staging-ORDERS',
      stream: 'staging-ORDERS',
      consumer: 'd',
      filter: 'staging.orders.eu',
      subjects: ['staging.orders.>'],
    });
    expect(broker.destination(toStream('orders.eu', { stream: 'ORDERS' }))).toMatchObject({
      address: 'staging.orders.eu',
      stream: 'staging-ORDERS',
    });
  });

  it.each(['a b.', '.a', 'a..', '*.', 'a.>', 5, 'a/'])('%j is refused before anything connects', (prefix) => {
    expect(nats(prefix as string).problems()).toEqual([expect.stringMatching(/^prefix (holds|is)/)]);
  });

  it('leaves the address of a reply as it is', () => {
    expect(nats().at?.('_INBOX.x').address).toBe('_INBOX.x');
  });
});

describe('an application whose brokers have a prefix', () => {
  @Handlers({ broker: 'orders', prefix: 'shop.' })
  @Injectable()
  class Bridge {
    @Subscribe('incoming', { deadLetter: '{source}.dlq', ack: 'reject-on-error' })
    @PublishTo('events', toStream('orders.seen'))
    pass(@Payload() text: string) {
      if (text === 'bad') throw new Error('bad');
      return text;
    }

    @Subscribe('events', stream('ORDERS', { durable: 'd', subjects: ['orders.>'] }))
    read() {}

    @Subscribe('events', 'ask')
    answer() {
      return 'answered';
    }
  }
  const definitions = [kafka(), nats()];

  it('names in decorators, in publish() and in the harness are without it; the addresses have it', async () => {
    const { harness, broker } = await testApp([Bridge], { definitions });
    await harness.publish('orders', 'shop.incoming', 'a');
    expect(harness.published('events', toStream('orders.seen'))).toMatchObject([
      { payload: 'a', destination: 'staging.orders.seen' },
    ]);
    expect(harness.deliveries({ broker: 'orders', destination: 'shop.incoming' })).toHaveLength(1);
    expect(harness.deliveries({ handler: 'Bridge.read' })).toMatchObject([
      { source: 'stream staging-ORDERS (durable d)' },
    ]);
    expect((await broker('events').request<string>('ask', 1)).payload).toBe('answered');
  });

  it('a dead letter at {source} has it once', async () => {
    const { harness } = await testApp([Bridge], { definitions });
    await harness.publish('orders', 'shop.incoming', 'bad').catch(() => undefined);
    expect(harness.published('orders', 'shop.incoming.dlq')).toMatchObject([
      { destination: 'staging.shop.incoming.dlq' },
    ]);
  });

  it('handles show the real addresses', async () => {
    const { moduleRef } = await testApp([Bridge], { definitions });
    const sources = moduleRef.get(MultiBroker, { strict: false }).handlers.map(({ source }) => source);
    expect(sources.sort()).toEqual(['staging-ORDERS', 'staging.ask', 'staging.shop.incoming']);
  });
});
