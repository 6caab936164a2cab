import { afterEach, describe, expect, it } from '@jest/globals';
import { type LoggerService } from '@nestjs/common';

import { type BrokerDefinition, MultiBroker } from '../../../lib/index.js';
import { freePort, startKafkaCluster, startNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

const stops: (() => Promise<unknown>)[] = [];

/** Starts an application whose server is away; resolves with it, its log and what became of the start. */
async function starting(broker: BrokerDefinition, startTimeoutMs: number) {
  const app = await application([broker], [], { startTimeoutMs });
  const log: string[] = [];
  const line = (level: string) => (message: unknown) => void log.push(`${level}: ${String(message)}`);
  const logger: LoggerService = { log: line('log'), warn: line('warn'), error: line('error') };
  app.useLogger(logger);
  const started = app.init().then(
    () => 'started',
    (thrown: unknown) => thrown as Error,
  );
  stops.push(() => app.close());
  return { app, log, started };
}

whenNative(
  describe,
  'kafka',
  'nats',
)('an application that starts before its servers', () => {
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  }, 60_000);

  it('waits for NATS', async () => {
    const port = await freePort();
    const { app, log, started } = await starting(events({ client: { servers: `127.0.0.1:${port}` } }), 30_000);
    await until(() => log.some((line) => line.includes('is not up yet')), { what: 'it says that it waits' });
    const server = await startNatsServer({ port });
    stops.unshift(() => server.stop());
    expect(await started).toBe('started');
    expect(app.get(MultiBroker).health().status).toBe('up');
    expect(log.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  }, 60_000);

  it("waits for Kafka, and kafkajs's own lines are not printed", async () => {
    const cluster = await startKafkaCluster();
    stops.push(() => cluster.stop());
    await cluster.kill();
    const { app, log, started } = await starting(orders({ client: { brokers: cluster.brokers } }), 60_000);
    await until(() => log.some((line) => line.includes('is not up yet')), { what: 'it says that it waits' });
    await cluster.restart();
    expect(await started).toBe('started');
    expect(app.get(MultiBroker).health().status).toBe('up');
    expect(log.filter((line) => line.startsWith('warn') || line.startsWith('error'))).toHaveLength(1);
  }, 120_000);

  it.each([
    ['Kafka', () => orders({ client: { brokers: ['127.0.0.1:1'] } })],
    ['NATS', () => events({ client: { servers: '127.0.0.1:1' } })],
  ])('is told at its deadline which server did not come, and why: %s', async (_kind, broker) => {
    const begun = performance.now();
    const { started } = await starting(broker(), 1_500);
    const error = (await started) as Error;
    expect(performance.now() - begun).toBeGreaterThan(1_300);
    expect(error.message).toMatch(/REFUSED/);
  });
});
