// Redrives dead letters in a process of its own, which a test kills: a line for each call of the handler, then the result.
// Arguments: the compiled library, and what the test passes as JSON.
import 'reflect-metadata';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { NestFactory } from '@nestjs/core';

const [library, given] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.join(library, file)).href);
const { bytes, MultiBroker, MultiBrokerModule } = await load('index.js');
const { kafkaBroker } = await load('kafka/index.js');
const { natsBroker, stream } = await load('nats/index.js');
const { kafka, nats, consumer, groupId, broker, from, letters } = JSON.parse(given);

const definitions = [
  kafkaBroker({ name: 'orders', groupId, consumer, client: { brokers: kafka } }),
  natsBroker({ name: 'events', client: { servers: nats } }),
];
const app = await NestFactory.createApplicationContext(MultiBrokerModule.forRoot(definitions), { logger: false });
const brokers = app.get(MultiBroker);

async function handle(payload) {
  process.stdout.write(`${payload.toString()}\n`);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const sourceOf = ({ name, options }) => (options === undefined ? name : stream(name, options));
await brokers.get(broker).subscribe(sourceOf(from), handle, { codec: bytes, retry: { attempts: 1 } });
const result = await brokers.redrive({ broker, source: sourceOf(letters) });
process.stdout.write(`${JSON.stringify(result)}\n`);
await app.close();
