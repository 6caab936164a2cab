import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type Broker, MultiBroker, type Subscription } from 'nestjs-multi-broker';
import { stream } from 'nestjs-multi-broker/nats';
import { cutKafka, mendKafka } from '../support/kafka-cut.js';
import { FLOWS, type Travelling } from './flows.js';
import { ACK_WAIT, AppModule, sleep, streamOf, told } from './handlers.js';
import { heapAfterCollections } from './heap.js';
import type { Command, Told } from './setting.js';

// One replica, in a process of its own.
let paused: Subscription | undefined;
let hanging: Promise<void> | undefined;
let release: () => void = () => {};

const commands: Record<Command, () => void> = {
  hang: () => {
    hanging = new Promise((resolve) => (release = resolve));
  },
  release: () => release(),
  pause: () => paused?.pause(),
  resume: () => paused?.resume(),
  cut: cutKafka,
  mend: mendKafka,
  heap: () => void heapAfterCollections().then((heap) => tell({ heap })),
};
process.on('message', (command: Command) => commands[command]());
process.on('disconnect', () => process.exit(1));

try {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  app.enableShutdownHooks();
  const brokers = app.get(MultiBroker);
  paused = await subscribeToSteady(brokers.get('events'));
  tell({ started: true });
  setInterval(() => tell({ health: brokers.health() }), 500).unref();
} catch {
  // A broker is down: as under an orchestrator, the process ends and is started again.
  process.exit(75);
}

/** By hand, as only such subscriptions can be paused. */
function subscribeToSteady(events: Broker): Promise<Subscription> {
  const { stream: name, durable } = FLOWS.steady.from;
  const destination = streamOf(FLOWS.steady.to);
  const source = stream(name, { durable, ackWaitMs: ACK_WAIT, maxAckPending: 200 });
  return events.subscribe<Travelling>(source, async (value) => {
    const hung = hanging;
    hanging = undefined;
    await hung;
    await sleep(10);
    await events.publish(destination, told(value));
  });
}

function tell(what: Told): void {
  if (process.connected) process.send?.(what, () => undefined);
}
