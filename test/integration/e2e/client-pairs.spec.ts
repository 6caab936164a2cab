import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Broker, type BrokerDefinition, MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { kafkaBroker as platformaticBroker } from '../../../lib/kafka/platformatic.js';
import { natsBroker, type NatsLibrary } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { platformaticUnavailable } from '../../support/kafka-library.js';
import { createTopic, realBrokers, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application } from './support.js';

const kafkas = {
  kafkajs: (): BrokerDefinition => {
    return kafkaBroker({ name: 'orders', groupId: uniqueName('bridge'), client: { brokers: realBrokers().kafka } });
  },
  '@platformatic/kafka': (): BrokerDefinition => {
    const client = { bootstrapBrokers: realBrokers().kafka };
    return platformaticBroker({ name: 'orders', groupId: uniqueName('bridge'), client });
  },
};
const libraries: readonly NatsLibrary[] = ['nats', '@nats-io'];
// On a Node that is too old for @platformatic/kafka, test/integration/kafka/platformatic.spec.ts tests what a start says.
const installed = platformaticUnavailable() === undefined ? Object.keys(kafkas) : ['kafkajs'];
const pairs = installed.flatMap((kafka) =>
  libraries.map((library) => [kafka as keyof typeof kafkas, library] as const),
);

whenBrokers(describe)("README's bridge", () => {
  afterEach(closeApps);

  it.each(pairs)('runs on %s and %s, by another import or option alone', async (kafka, library) => {
    const incoming = await createTopic(uniqueName('incoming'), 1);
    const outgoing = uniqueName('outgoing');
    const heard: unknown[] = [];

    @Injectable()
    class Bridge {
      @Subscribe('orders', incoming)
      @PublishTo('events', outgoing)
      fromKafka(@Payload() text: string) {
        return text;
      }

      @Subscribe('events', outgoing)
      fromNats(@Payload() text: string) {
        heard.push(text);
      }
    }
    const events = natsBroker({ name: 'events', library, client: { servers: realBrokers().nats } });
    const app = await application([kafkas[kafka](), events], [Bridge]);
    await app.init();
    const orders: Broker = app.get(MultiBroker).get('orders');
    await orders.publish(incoming, 'Hi!');
    await until(() => heard.length > 0, { what: 'the message is on the other side' });
    await app.close();
    expect(heard).toEqual(['Hi!']);
  });
});
