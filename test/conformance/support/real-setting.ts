import { type BrokerDefinition, type Doomed, systemClock, type Unsteady } from '../../../lib/driver/public.js';
import type { KafkaBrokerDefinition } from '../../../lib/kafka/index.js';
import {
  natsBroker,
  type NatsBrokerDefinition,
  type NatsLibrary,
  type StreamOptions,
} from '../../../lib/nats/index.js';
import {
  brokersUnavailable,
  createTopic,
  nativeUnavailable,
  realBrokers,
  startKafkaCluster,
  startNatsServer,
  startProxy,
  uniqueName,
} from '../../support/real-brokers.js';
import { kafkaBrokerOf, type KafkaChoice } from '../../support/kafka-library.js';
import { type Setting, streamPlace, subjectPlace, topicPlace } from './targets.js';

/** Nobody listens on port 1. */
const nowhere = '127.0.0.1:1';
const name = 'conformance';

const servers = (): { kafka: string[]; nats: string } =>
  brokersUnavailable() === undefined ? realBrokers() : { kafka: [nowhere], nats: `nats://${nowhere}` };

const quick = { connectionTimeout: 1_000, retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 100 } };

export const realKafka = (choice: KafkaChoice): KafkaBrokerDefinition =>
  kafkaBrokerOf({ name, client: { brokers: servers().kafka } }, choice);
export const realNats = (library: NatsLibrary): NatsBrokerDefinition =>
  natsBroker({ name, library, client: { servers: servers().nats } });

function setting(definition: BrokerDefinition, dead: BrokerDefinition, real: Setting['name'] = 'real'): Setting {
  return {
    name: real,
    clock: systemClock,
    makeDriver: () => definition.driver(),
    makeDeadDriver: () => dead.driver(),
  };
}

/** Servers that a test harmed, to be removed at the end. */
const harmed: { stop(): Promise<void> }[] = [];

export async function removeHarmed(): Promise<void> {
  await Promise.all(harmed.splice(0).map((server) => server.stop()));
}

export const kafkaSetting = (choice: KafkaChoice): Setting => ({
  patienceMs: 40_000,
  ...setting(
    realKafka(choice),
    kafkaBrokerOf({ name, client: { brokers: [nowhere], ...quick } }, choice),
    choice.library === 'kafkajs' ? 'real' : 'real, @platformatic/kafka',
  ),
  ...(nativeUnavailable('kafka') === undefined && {
    makeDoomedDriver: () => doomedKafka(choice),
    makeUnsteady: () => unsteadyKafka(choice),
  }),
});

export const natsSetting = (
  via: 'core' | 'jetstream',
  library: NatsLibrary,
  options?: Partial<StreamOptions>,
): Setting => ({
  ...setting(
    realNats(library),
    natsBroker({ name, library, client: { servers: nowhere, timeout: 2_000 } }),
    library === 'nats' ? 'real' : 'real, @nats-io',
  ),
  ...(nativeUnavailable('nats') === undefined && { makeDoomedDriver: () => doomedNats(via, library, options) }),
  makeUnsteady: () => unsteadyNats(via, library, options),
});

async function doomedKafka(choice: KafkaChoice): Promise<Doomed> {
  const cluster = await startKafkaCluster();
  harmed.push(cluster);
  const definition = kafkaBrokerOf({ name, client: { brokers: cluster.brokers } }, choice);
  return { driver: await definition.driver(), place: topicPlace(definition), kill: () => cluster.kill() };
}

async function doomedNats(
  via: 'core' | 'jetstream',
  library: NatsLibrary,
  options?: Partial<StreamOptions>,
): Promise<Doomed> {
  const server = await startNatsServer({ jetstream: true });
  harmed.push(server);
  const definition = natsBroker({ name, library, client: { servers: server.url } });
  const place = via === 'core' ? subjectPlace(definition) : streamPlace(definition, options);
  return { driver: await definition.driver(), place, kill: () => server.kill() };
}

/** A Kafka client reaches only the address that a node advertises, so the cluster is one behind proxies. */
async function unsteadyKafka(choice: KafkaChoice): Promise<Unsteady> {
  const cluster = await startKafkaCluster({ proxied: true });
  harmed.push(cluster);
  const [proxy] = cluster.proxies;
  const definition = kafkaBrokerOf({ name, client: { brokers: cluster.brokers } }, choice);
  const place = topicPlace(definition, await createTopic(uniqueName('unsteady'), 4, { brokers: cluster.brokers }));
  return { makeDriver: () => definition.driver(), place, cut: () => proxy!.refuse(), mend: () => proxy!.resume() };
}

async function unsteadyNats(
  via: 'core' | 'jetstream',
  library: NatsLibrary,
  options?: Partial<StreamOptions>,
): Promise<Unsteady> {
  const proxy = await startProxy(Number(new URL(servers().nats).port));
  harmed.push({ stop: () => proxy.close() });
  const definition = natsBroker({ name, library, client: { servers: `127.0.0.1:${proxy.port}` } });
  const place = via === 'core' ? subjectPlace(definition) : streamPlace(definition, options);
  return { makeDriver: () => definition.driver(), place, cut: () => proxy.refuse(), mend: () => proxy.resume() };
}
