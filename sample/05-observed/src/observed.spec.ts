import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';
import { AppModule } from './app.module.js';
import { Bridge } from './bridge.js';
import { showPage } from './page.js';

/** One spec, two ways to run it: on twins, and with `BROKERS=real` on Kafka and NATS. */
const real = process.env['BROKERS'] === 'real';
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();

let app: INestApplication;
let harness: MultiBrokerHarness;
let url: string;

beforeEach(async () => {
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule.configure({ real, timeoutMs: 20_000 }))
    .compile();
  app = moduleRef.createNestApplication();
  showPage(app);
  await app.listen(0);
  url = await app.getUrl();
  harness = app.get(MultiBrokerHarness);
  exporter.reset();
}, 60_000);

afterEach(() => app.close(), 60_000);

/** Posts an order with an id of its own, as the servers keep what earlier runs published. */
async function order(article: string): Promise<string> {
  const id = `${article}-${Date.now().toString(36)}`;
  const body = JSON.stringify({ id, article, pieces: 2 });
  await fetch(`${url}/orders`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  return id;
}

const text = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();

describe('an order', () => {
  it('is one trace, from its publish over Kafka and JetStream to the last handler', async () => {
    const id = await order('tea');
    const isMine = (payload: unknown): boolean => (payload as { readonly id?: string }).id === id;
    const shipped = () => harness.deliveries({ handler: 'Bridge.ship', outcome: 'acked' });
    await harness.waitFor(() => shipped().some(({ payload }) => isMine(payload)));
    await harness.settled();

    expect(harness.handler(Bridge, 'ship')).toHaveBeenCalledWith(expect.objectContaining({ id, euros: 8 }));
    const spans = exporter.getFinishedSpans();
    const { traceId } = spans.find(({ name }) => name === 'send sample-orders')!.spanContext();
    const names = spans.filter((span) => span.spanContext().traceId === traceId).map(({ name }) => name);
    expect(names.sort()).toEqual([
      'process SAMPLE_OBSERVED',
      'process sample-orders',
      'send observed.priced',
      'send sample-orders',
    ]);
  }, 60_000);

  it('without a price is parked, and Prometheus sees it', async () => {
    const id = await order('mate');
    await harness.waitFor(() => harness.deliveries({ outcome: 'dead-lettered' }).length > 0);
    expect(harness.deliveries({ outcome: 'dead-lettered' })).toEqual([
      expect.objectContaining({ handler: 'Bridge.price', payload: expect.objectContaining({ id }) }),
    ]);
    expect(await text('/metrics')).toMatch(
      /^multi_broker_messages_dead_lettered_total\{.*handler="Bridge\.price"\} 1$/m,
    );
  }, 60_000);
});

describe('the application', () => {
  it('has a page, and a document with the schemas of its messages', async () => {
    expect(await text('/asyncapi')).toContain('<title>');
    const document = JSON.parse(await text('/asyncapi.json')) as { readonly components: { readonly schemas: object } };
    expect(JSON.stringify(document.components.schemas)).toContain('"euros"');
  }, 60_000);

  it('is ready and alive', async () => {
    const answers = await Promise.all(['ready', 'live'].map((path) => fetch(`${url}/health/${path}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  }, 60_000);
});
