import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Injectable } from '@nestjs/common';
import * as published from '@opentelemetry/semantic-conventions/incubating';
import { describe, expect, it } from '@jest/globals';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, subject, toStream } from '../../lib/nats/index.js';
import { MESSAGING, METRIC } from '../../lib/telemetry/conventions.js';
import { SEMANTIC_CONVENTIONS } from '../../lib/telemetry/index.js';
import type { ReceivedSpan } from '../support/telemetry/otlp-receiver.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';

const dist = path.dirname(createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions/incubating'));

/** Constants of the package that it calls deprecated. */
const deprecated = ['experimental_attributes', 'experimental_metrics'].flatMap((file) => {
  const text = readFileSync(path.join(dist, `${file}.d.mts`), 'utf8');
  const constants = text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*declare const (\w+)/g);
  return [...constants].filter(([, comment]) => comment!.includes('@deprecated')).map(([, , name]) => name!);
});

describe(`the semantic conventions ${SEMANTIC_CONVENTIONS}`, () => {
  it('are those of the published package', () => {
    const { version } = JSON.parse(readFileSync(path.join(dist, '..', 'package.json'), 'utf8'));
    expect(version).toBe(SEMANTIC_CONVENTIONS);
    expect(deprecated).toContain('ATTR_MESSAGING_SYSTEM');
  });

  it.each([...Object.values(MESSAGING), ...Object.values(METRIC)])(
    'have the name %s, which is not deprecated',
    (name) => {
      const constants = Object.entries(published).filter(([, value]) => value === name);
      expect(constants.map(([constant]) => constant).filter((constant) => !deprecated.includes(constant))).toHaveLength(
        1,
      );
    },
  );
});

const rig = telemetryRig();

@Injectable()
class Bridge {
  @Subscribe('orders', 'in')
  @PublishTo('events', toStream('orders.7'))
  pass(@Payload() order: { id: number }) {
    return order;
  }

  @Subscribe('events', stream('ORDERS', { durable: 'archive', subjects: ['orders.*'], storage: 'memory' }))
  @PublishTo('events', 'seen.7')
  archive(@Payload() order: { id: number }) {
    return order.id;
  }

  @Subscribe('events', subject('seen.{id}', { queue: 'shop' }))
  @PublishTo('events', 'told.{id}')
  seen(@Payload() id: number) {
    return id;
  }
}

const ID = expect.any(String);

/** By span, its attributes. What is not here, is not there. */
const SPANS: Readonly<Record<string, ReceivedSpan['attributes']>> = {
  'send in': {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'in',
    'messaging.destination.partition.id': '0',
    'messaging.message.body.size': 8,
    'kafka.message.key': 'k',
    'kafka.offset': 0,
    'multi_broker.broker': 'orders',
    'multi_broker.message.position': 'in[0]@0',
  },
  'process in': {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'in',
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': 'g',
    'messaging.message.id': ID,
    'messaging.message.conversation_id': ID,
    'messaging.message.body.size': 8,
    'kafka.message.key': 'k',
    'kafka.offset': 0,
    'multi_broker.broker': 'orders',
    'multi_broker.handler': 'Bridge.pass',
    'multi_broker.message.position': 'in[0]@0',
    'multi_broker.outcome': 'acked',
  },
  'send orders.7': {
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders.7',
    'messaging.message.conversation_id': ID,
    'messaging.message.body.size': 8,
    'multi_broker.broker': 'events',
    'multi_broker.handler': 'Bridge.pass',
    'multi_broker.message.position': 'ORDERS@1',
  },
  'process ORDERS': {
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'orders.7',
    'messaging.destination.template': 'ORDERS',
    'messaging.destination.subscription.name': 'archive',
    'messaging.message.id': ID,
    'messaging.message.conversation_id': ID,
    'messaging.message.body.size': 8,
    'multi_broker.broker': 'events',
    'multi_broker.handler': 'Bridge.archive',
    'multi_broker.message.position': 'ORDERS@1',
    'multi_broker.outcome': 'acked',
  },
  'send seen.7': {
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'seen.7',
    'messaging.message.conversation_id': ID,
    'messaging.message.body.size': 1,
    'multi_broker.broker': 'events',
    'multi_broker.handler': 'Bridge.archive',
  },
  'process seen.*': {
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'seen.7',
    'messaging.destination.template': 'seen.*',
    'messaging.consumer.group.name': 'shop',
    'messaging.message.id': ID,
    'messaging.message.conversation_id': ID,
    'messaging.message.body.size': 1,
    'multi_broker.broker': 'events',
    'multi_broker.handler': 'Bridge.seen',
    'multi_broker.outcome': 'acked',
  },
  'send told.{id}': {
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'told.7',
    'messaging.destination.template': 'told.{id}',
    'messaging.message.conversation_id': ID,
    'messaging.message.body.size': 1,
    'multi_broker.broker': 'events',
    'multi_broker.handler': 'Bridge.seen',
  },
};

/** By metric, its unit and the attributes of Kafka's points. */
const METRICS: Readonly<Record<string, readonly [unit: string, ...attributes: string[]]>> = {
  'messaging.client.sent.messages': [
    '{message}',
    ...['messaging.destination.name', 'messaging.operation.name', 'messaging.operation.type', 'messaging.system.name'],
    'multi_broker.broker',
  ],
  'messaging.client.operation.duration': [
    's',
    ...['messaging.destination.name', 'messaging.operation.name', 'messaging.operation.type', 'messaging.system.name'],
    'multi_broker.broker',
  ],
  'messaging.client.consumed.messages': [
    '{message}',
    ...['messaging.consumer.group.name', 'messaging.destination.name'],
    ...['messaging.operation.name', 'messaging.operation.type', 'messaging.system.name'],
    ...['multi_broker.broker', 'multi_broker.handler'],
  ],
  'messaging.process.duration': [
    's',
    ...['messaging.consumer.group.name', 'messaging.destination.name'],
    ...['messaging.operation.name', 'messaging.operation.type', 'messaging.system.name'],
    ...['multi_broker.broker', 'multi_broker.handler'],
  ],
};

describe('a bridge from Kafka over JetStream to a core subject', () => {
  it('has spans with the attributes of the conventions, and its own', async () => {
    const { harness, broker } = await rig.app([Bridge]);
    await broker('orders').publish('in', { id: 7 }, { key: 'k' });
    await harness.settled();
    const { spans } = await rig.received();
    const found = Object.fromEntries(spans.map(({ name, attributes }) => [name, attributes]));
    expect(found).toEqual(SPANS);
  });

  it.each(Object.entries(METRICS))('measures %s', async (name, [unit, ...attributes]) => {
    const { harness, broker } = await rig.app([Bridge]);
    await broker('orders').publish('in', { id: 7 });
    await harness.settled();
    const points = (await rig.received()).pointsOf(name);
    const kafka = points.filter((point) => point.attributes['messaging.system.name'] === 'kafka');
    expect(kafka.map((point) => [point.unit, point.value, Object.keys(point.attributes).sort()])).toEqual([
      [unit, 1, attributes],
    ]);
  });
});
