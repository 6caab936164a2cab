import { type LoggerService, type ModuleMetadata, type Type } from '@nestjs/common';
import { type TestingModule } from '@nestjs/testing';
import { connect } from 'nats';
import { type BrokerDefinition, MultiBrokerModule, type MultiBrokerOptions } from '../../../lib/index.js';
import type { KafkaBrokerOptions } from '../../../lib/kafka/index.js';
import { natsBroker, type NatsBrokerOptions } from '../../../lib/nats/index.js';
import { compile } from '../../support/app.js';
import { realBrokers, uniqueName } from '../../support/real-brokers.js';
import { kafkaBrokerOf, type KafkaChoice } from '../../support/kafka-library.js';
import { natsLibrary } from '../../support/nats-library.js';

const quiet: LoggerService = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** Kafka as 'orders', in a group of its own, by the client on which the tests run. */
export function orders(options: Partial<KafkaBrokerOptions> = {}, choice?: KafkaChoice): BrokerDefinition<'kafka'> {
  const client = { brokers: realBrokers().kafka };
  return kafkaBrokerOf({ name: 'orders', groupId: uniqueName('group'), client, ...options }, choice);
}

/** NATS as 'events'. */
export function events(options: Partial<NatsBrokerOptions> = {}): BrokerDefinition<'nats'> {
  return natsBroker({ name: 'events', library: natsLibrary, client: { servers: realBrokers().nats }, ...options });
}

/** An application with these brokers and handlers, compiled and not started; it logs nothing. */
export async function application(
  brokers: readonly BrokerDefinition[],
  providers: readonly Type[],
  options?: MultiBrokerOptions,
  more: ModuleMetadata = {},
): Promise<TestingModule> {
  const app = await compile({
    ...more,
    imports: [MultiBrokerModule.forRoot(brokers, options), ...(more.imports ?? [])],
    providers: [...providers, ...(more.providers ?? [])],
  });
  app.useLogger(quiet);
  return app;
}

/** Deletes a stream of the shared server. */
export async function deleteStream(name: string): Promise<void> {
  const connection = await connect({ servers: realBrokers().nats });
  try {
    const manager = await connection.jetstreamManager();
    await manager.streams.delete(name);
  } finally {
    // One that stays open keeps the whole run from ending.
    await connection.close();
  }
}
