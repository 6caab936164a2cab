import 'reflect-metadata';
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BatchFailure,
  type BrokerDefinition,
  MultiBrokerModule,
  Payload,
  PublishTo,
  type PublishTrace,
  Subscribe,
  type SubscribeOptions,
} from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { kafkaBroker as platformaticBroker } from 'nestjs-multi-broker/kafka/platformatic';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';
import { isPlatformatic } from '../support/kafka-library.js';
import type { Numbered } from '../support/verdict.js';
import { cutKafka, mendKafka, watchKafka } from './kafka-way.js';
import { type Command, CONCURRENCY, isPoison, LARGEST_BATCH, type Point, type Setting } from './setting.js';
import { natsLibrary } from '../support/nats-library.js';

// The bridge that the faults hit, in a process of its own.
const { route, kafka, nats, place, workMs, allowBatched } = JSON.parse(process.env['SETTING']!) as Setting;
let pace = workMs;
let killAt: Point | undefined;

const options = {
  deadLetter: { broker: 'letters', destination: toStream(place.letters) },
  retry: { attempts: 2, delayMs: 20 },
  ...(route.batch === true ? { batch: { maxSize: LARGEST_BATCH } } : { concurrency: CONCURRENCY }),
} satisfies SubscribeOptions;
const source =
  route.from === 'kafka' ? place.source : stream(place.source, { durable: place.reader, ackWaitMs: 5_000 });
const target = route.to === 'jetstream' ? toStream(place.target) : place.target;
/** A result with a key goes by itself to a stream. */
const publisher = allowBatched && route.to === 'jetstream' ? {} : { key: keyOf };
function keyOf(value: unknown): string {
  return (value as Numbered).key;
}

@Injectable()
class Bridge {
  @Subscribe('source', source, options)
  @PublishTo('target', target, publisher)
  async forward(@Payload() given: Numbered | Numbered[]): Promise<Numbered | Numbered[]> {
    await sleep(pace);
    reached('handled');
    return Array.isArray(given) ? many(given) : one(given);
  }
}

function one(value: Numbered): Numbered {
  if (isPoison(value.id)) throw new Error('It can never be handled');
  // A payload that is returned as it came is passed on as bytes, which go to a stream by themselves.
  return allowBatched ? { ...value } : value;
}

function many(values: Numbered[]): Numbered[] {
  const failed = values.flatMap(({ id }, index) => (isPoison(id) ? [[index, new Error('Never')] as const] : []));
  if (failed.length > 0) throw new BatchFailure(new Map(failed), values);
  return values;
}

/** As by `kill -9`: nothing that the process would still do is done. */
function reached(point: Point): void {
  if (killAt === point) process.kill(process.pid, 'SIGKILL');
}

subscribe('tracing:nestjs-multi-broker:publish:asyncEnd', (trace) => {
  reached((trace as PublishTrace).broker === 'letters' ? 'parked' : 'published');
});

watchKafka(kafka);
const kafkaOf = (name: string): BrokerDefinition => {
  const common = { name, groupId: place.reader, consumer: { sessionTimeout: 6_000 } };
  return isPlatformatic
    ? platformaticBroker({ ...common, client: { bootstrapBrokers: [...kafka] } })
    : kafkaBroker({ ...common, client: { brokers: [...kafka] } });
};
const natsOf = (name: string): BrokerDefinition =>
  natsBroker({ name, library: natsLibrary, client: { servers: nats } });

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      route.from === 'kafka' ? kafkaOf('source') : natsOf('source'),
      route.to === 'kafka' ? kafkaOf('target') : natsOf('target'),
      natsOf('letters'),
    ]),
  ],
  providers: [Bridge],
})
class AppModule {}

process.on('message', (command: Command) => {
  if (typeof command === 'object') killAt = command.killAt;
  else if (command === 'cut') cutKafka();
  else if (command === 'mend') mendKafka();
  else pace = 0;
});
process.on('disconnect', () => process.exit(1));

try {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  app.enableShutdownHooks();
  process.send?.('started');
} catch {
  // A server is down: as under an orchestrator, the process ends and is started again.
  process.exit(75);
}
