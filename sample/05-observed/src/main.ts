import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker } from 'nestjs-multi-broker';
import { AppModule } from './app.module.js';
import { showPage } from './page.js';
import { startTracing } from './tracing.js';

const logger = new Logger('Sample');
startTracing();
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
showPage(app);
await app.listen(Number(process.env['PORT'] ?? 3005));
const port = new URL(await app.getUrl()).port;
const url = `http://localhost:${port}`;

const run = Date.now().toString(36);
for (const [place, article] of ['tea', 'coffee', 'mate'].entries()) {
  const body = JSON.stringify({ id: `${run}-${String(place + 1)}`, article, pieces: 2 });
  await fetch(`${url}/orders`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
}
const brokers = app.get(MultiBroker);
// Two orders shipped, one parked and told of.
while (brokers.get('events').health().counts.handled < 3) await sleep(50);

const metrics = await (await fetch(`${url}/metrics`)).text();
for (const line of metrics.split('\n').filter((one) => /^multi_broker_messages_(handled|dead)/.test(one)))
  logger.log(line);
const { status } = (await (await fetch(`${url}/health/ready`)).json()) as { readonly status: string };
logger.log(`Ready: ${status}; look at ${url}/asyncapi, ${url}/metrics and ${url}/health/ready; Ctrl-C stops`);
