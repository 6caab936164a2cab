import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, ClientNats, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { realBrokers } from '../../support/real-brokers.js';

/** Nest's own log of kafkajs is loud. */
const silent = () => () => undefined;

const closing: (() => unknown)[] = [];

/** Put it in `afterEach`. */
export async function closePeers(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

/** A service of Nest's own, by a transport of @nestjs/microservices. */
export async function serve(controller: Type<object>, transport: 'nats' | 'kafka', groupId = 'peer'): Promise<void> {
  Controller()(controller);
  @Module({ controllers: [controller] })
  class Peer {}
  const { kafka, nats } = realBrokers();
  const options: MicroserviceOptions =
    transport === 'nats'
      ? { transport: Transport.NATS, options: { servers: [nats] } }
      : {
          transport: Transport.KAFKA,
          options: {
            client: { brokers: kafka, logCreator: silent },
            consumer: { groupId },
            subscribe: { fromBeginning: true },
          },
        };
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(Peer, { ...options, logger: false });
  await app.listen();
  closing.push(() => app.close());
}

export async function natsClient(): Promise<ClientNats> {
  const client = new ClientNats({ servers: [realBrokers().nats] });
  await client.connect();
  closing.push(() => client.close());
  return client;
}

/** @param topics what it sends requests to: their reply topics exist */
export async function kafkaClient(groupId: string, topics: readonly string[]): Promise<ClientKafka> {
  const client = new ClientKafka({
    client: { brokers: realBrokers().kafka, logCreator: silent },
    consumer: { groupId },
  });
  for (const topic of topics) client.subscribeToResponseOf(topic);
  await client.connect();
  closing.push(() => client.close());
  return client;
}
