import { describe, expect, it } from '@jest/globals';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';

const kafka = kafkaBroker({ name: 'k', groupId: 'g', prefix: 'eu.', client: { brokers: ['localhost:9092'] } });
const nats = natsBroker({ name: 'n', prefix: 'eu.', client: {} });

describe('what keeps the messages of a destination', () => {
  it('is on Kafka its topic, without the prefix of the broker', () => {
    expect(kafka.keptBy?.(kafka.destination('orders.dlq'), [])).toBe('orders.dlq');
    expect(kafka.keptBy?.(kafka.destination('orders.{id}'), [])).toBeUndefined();
  });

  it('is on JetStream the stream that the destination names', () => {
    const to = nats.destination(toStream('dead.orders', { stream: 'DEAD' }));
    const kept = nats.keptBy?.(to, []);
    expect(kept).toMatchObject({ via: 'jetstream', stream: 'DEAD' });
    expect(nats.source(kept!).address).toBe(nats.source(stream('DEAD', { durable: 'd' })).address);
  });

  it('is else the stream by which a handler reads it, with the filter of that handler', () => {
    const reader = nats.source(stream('DEAD', { durable: 'alarm', filter: 'dead.orders' }));
    const to = nats.destination(toStream('dead.orders'));
    expect(nats.keptBy?.(to, [reader])).toMatchObject({ stream: 'DEAD', filter: 'dead.orders' });
    expect(nats.keptBy?.(to, [])).toBeUndefined();
  });

  it('is nothing for a core subject that no stream is known to capture', () => {
    const core = nats.source('dead.orders');
    expect(nats.keptBy?.(nats.destination('dead.orders'), [core])).toBeUndefined();
  });
});
