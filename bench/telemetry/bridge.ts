import 'reflect-metadata';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Broker, MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, toStream } from 'nestjs-multi-broker/nats';
import { Stopwatch, task, tell, work } from '../support/task.js';
import { order, type Order } from '../support/messages.js';
import { kafkaBrokers, natsUrl } from '../support/servers.js';
import { onTwins, type TelemetryReport } from './job.js';
import { natsLibrary } from '../support/nats-library.js';

// The bridge with one kind of listeners, or none, in a process of its own.
const { source: topic, target, count } = task();
const listeners = process.env['VARIANT'] ?? 'none';
const watch = new Stopwatch();
let handled = 0;

@Injectable()
class Bridge {
  @Subscribe('orders', topic)
  @PublishTo('events', onTwins ? target : toStream(target))
  forward(@Payload() value: Order): Promise<unknown> {
    watch.begin();
    handled++;
    return byHand === undefined ? work(value) : byHand.observedByHand(handled, () => work(value));
  }
}

async function listening(): Promise<DynamicModule[]> {
  if (listeners === 'prometheus') {
    const { MultiBrokerMetricsModule } = await import('nestjs-multi-broker/prometheus');
    return [MultiBrokerMetricsModule.forRoot()];
  }
  if (sdk === undefined || byHand !== undefined) return [];
  const { TelemetryModule } = await import('nestjs-multi-broker/telemetry');
  return [TelemetryModule.forRoot()];
}

const sampled: Readonly<Record<string, number>> = { opentelemetry: 1, 'by hand': 1, 'opentelemetry, 1 in 10': 0.1 };
const sdk = sampled[listeners] === undefined ? undefined : (await import('./sdk.js')).startSdk(sampled[listeners]);
/** After the SDK has been registered. */
const byHand = listeners === 'by hand' ? await import('./by-hand.js') : undefined;

@Module({
  imports: [
    MultiBrokerModule.forRoot(
      [
        kafkaBroker({ name: 'orders', groupId: `${topic}-library`, client: { brokers: kafkaBrokers } }),
        natsBroker({ name: 'events', library: natsLibrary, client: { servers: natsUrl } }),
      ],
      { inMemory: onTwins },
    ),
    ...(await listening()),
  ],
  providers: [Bridge],
})
class AppModule {}

/** Not by `get()`: who has a broker may publish by hand, and from then on messages are followed, which costs. */
type Internals = MultiBroker & { lookUp(name: string): Broker };

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const brokers = app.get<MultiBroker, Internals>(MultiBroker);

/** A twin begins empty. Nothing is handled before all of it is there. */
async function prefillTwin(): Promise<void> {
  const handler = brokers.handler(Bridge, 'forward');
  handler.pause();
  const chunk = 1_000;
  for (let from = 0; from < count; from += chunk) {
    const orders = Array.from({ length: Math.min(chunk, count - from) }, (_, index) => order(from + index));
    await brokers.lookUp('orders').publishBatch(topic, orders);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc?.();
  handler.resume();
}

/** Over when the last message is settled, which is after its output was confirmed. */
function look(): void {
  const unsettled = brokers.health().brokers[0]?.counts.unsettled;
  if (handled >= count && unsettled === 0) void end(watch.report(handled));
  else setTimeout(look, 1);
}

async function end(report: Omit<TelemetryReport, 'spans'>): Promise<void> {
  await app.close();
  tell({ ...report, spans: sdk?.spans() ?? 0 } as TelemetryReport);
}

if (onTwins) await prefillTwin();
look();
