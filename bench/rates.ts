import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker, MultiBrokerModule, type Source, type SubscribeOptions } from 'nestjs-multi-broker';
import { kafkaBroker, topic } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream } from 'nestjs-multi-broker/nats';
import { kafkaBrokers, kafkaClient, keyed, natsClient, natsUrl } from './support/servers.js';
import { natsLibrary } from './support/nats-library.js';

// What `concurrency` and `batch` do for a handler that waits, on one partition of a real Kafka and one durable of a real
// JetStream: messages a second, and how often that of a plain handler.
const KEYS = 200;
const WAITS_MS = 16;
const WRITES_MS = 1;
const CONCURRENCIES = [1, 4, 16, 64];
const LARGEST_BATCH = 500;
/** How long each run takes, roughly. */
const LASTS_MS = 2_000;

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'kafka', groupId: 'rates', client: { brokers: kafkaBrokers } }),
      natsBroker({ name: 'jetstream', library: natsLibrary, client: { servers: natsUrl } }),
    ]),
  ],
})
class AppModule {}

type Kind = 'kafka' | 'jetstream';

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
app.enableShutdownHooks();
const brokers = app.get(MultiBroker);
let runs = 0;

for (const kind of ['kafka', 'jetstream'] as const) {
  console.log(`${kind}, a handler that waits ${WAITS_MS} ms, ${KEYS} keys`);
  let plain = 0;
  for (const concurrency of CONCURRENCIES) {
    const rate = await rateOf(kind, { concurrency }, WAITS_MS, (LASTS_MS * concurrency) / WAITS_MS);
    plain ||= rate;
    tell(`concurrency ${concurrency}`, rate, plain);
  }
  console.log(`${kind}, a handler that waits ${WRITES_MS} ms for each write`);
  const single = await rateOf(kind, {}, WRITES_MS, LASTS_MS / WRITES_MS / 2);
  tell('one message a write', single, single);
  tell(
    `batches of ${LARGEST_BATCH}`,
    await rateOf(kind, { batch: { maxSize: LARGEST_BATCH } }, WRITES_MS, 50_000),
    single,
  );
}
await app.close();

function tell(what: string, rate: number, of: number): void {
  console.log(
    `  ${what.padEnd(24)} ${Math.round(rate).toLocaleString('en').padStart(8)}/s  ${(rate / of).toFixed(1).padStart(6)} times`,
  );
}

/** Messages a second, from the first call on. */
async function rateOf(kind: Kind, options: SubscribeOptions, tookMs: number, wanted: number): Promise<number> {
  const count = Math.round(wanted);
  const source = await filled(kind, `rates_${process.pid}_${++runs}`, count);
  let done = 0;
  let since = 0;
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const handle = async (payload: unknown): Promise<void> => {
    since ||= performance.now();
    await sleep(tookMs);
    done += Array.isArray(payload) ? payload.length : 1;
    if (done === count) finish();
  };
  const subscription = await brokers.get(kind).subscribe(source, handle, options);
  await finished;
  const tookAllMs = performance.now() - since;
  await subscription.stop();
  return (count / tookAllMs) * 1_000;
}

async function filled(kind: Kind, name: string, count: number): Promise<Source> {
  const messages = Array.from({ length: count }, (_, index) => ({ key: `k${index % KEYS}`, value: String(index) }));
  return kind === 'kafka' ? filledTopic(name, messages) : filledStream(name, messages);
}

interface Filling {
  readonly key: string;
  readonly value: string;
}

async function filledTopic(name: string, messages: readonly Filling[]): Promise<Source> {
  const kafka = kafkaClient();
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true });
  for (let from = 0; from < messages.length; from += 2_000)
    await producer.send({ topic: name, messages: messages.slice(from, from + 2_000) });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return topic(name, { groupId: name });
}

async function filledStream(name: string, messages: readonly Filling[]): Promise<Source> {
  const connection = await natsClient();
  await (await connection.jetstreamManager()).streams.add({ name, subjects: [name] });
  const jetstream = connection.jetstream();
  for (let from = 0; from < messages.length; from += 1_000) {
    const chunk = messages.slice(from, from + 1_000);
    await Promise.all(chunk.map(({ key, value }) => jetstream.publish(name, value, keyed(key))));
  }
  await connection.close();
  return stream(name, { durable: 'rates' });
}
