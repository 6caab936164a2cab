import { expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { AsyncApi, type AsyncApiDocument } from '../../lib/asyncapi/index.js';
import { MultiBroker, MultiBrokerModule, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { definitions, info, richModule } from './rich-app.js';

let made: Promise<AsyncApiDocument> | undefined;

/** One for all tests: making it changes nothing. */
function rich(): Promise<AsyncApiDocument> {
  made ??= Test.createTestingModule({ imports: [richModule()] })
    .compile()
    .then((app) => AsyncApi.document(app, { info }));
  return made;
}

it('starts and connects nothing', async () => {
  const app = await Test.createTestingModule({ imports: [richModule()] }).compile();
  await AsyncApi.document(app, { info });
  const reasons = app
    .get(MultiBroker)
    .health()
    .brokers.map((broker) => broker.reasons);
  expect(reasons).toEqual([['not connected'], ['not connected'], ['not connected']]);
});

it('has a server for each broker, with its security and no secret', async () => {
  const document = await rich();
  expect(document.servers).toMatchObject({
    orders: {
      host: 'kafka-1:9093',
      protocol: 'kafka-secure',
      security: [{ $ref: '#/components/securitySchemes/scramSha512' }],
      'x-hosts': ['kafka-1:9093', 'kafka-2:9093'],
    },
    archive: { host: 'archive:9092', protocol: 'kafka', 'x-critical': false },
    events: { host: 'nats:4222', security: [{ $ref: '#/components/securitySchemes/userPassword' }] },
  });
  expect(JSON.stringify(document)).not.toContain('S3CRET');
});

it('keeps a topic of one name on two clusters apart', async () => {
  const { channels } = await rich();
  expect(channels['orders/created']).toMatchObject({
    address: 'created',
    servers: [{ $ref: '#/servers/orders' }],
    bindings: { kafka: { topic: 'created', partitions: 6, replicas: 3, bindingVersion: '0.5.0' } },
  });
  expect(channels['archive/created']).toMatchObject({ address: 'created', servers: [{ $ref: '#/servers/archive' }] });
});

it('ties what a handler sends to what it receives', async () => {
  const { operations } = await rich();
  const received = operations['Orders.created.receive'];
  expect(received).toMatchObject({
    action: 'receive',
    channel: { $ref: '#/channels/orders~1created' },
    bindings: { kafka: { groupId: { type: 'string', enum: ['shop'] }, bindingVersion: '0.5.0' } },
    'x-handler': 'Orders.created',
    'x-sends': ['Orders.created.send', 'Orders.created.send-2', 'Orders.created.deadLetter'],
  });
  expect(operations['Orders.created.send']).toMatchObject({
    action: 'send',
    channel: { $ref: '#/channels/events~1orders.created' },
    'x-handler': 'Orders.created',
    'x-conditional': true,
    'x-receives': ['Orders.created.receive'],
  });
});

it('has dead letters on another broker, with their headers', async () => {
  const { operations, channels, components } = await rich();
  expect(operations['Orders.created.deadLetter']).toMatchObject({
    action: 'send',
    channel: { $ref: '#/channels/events~1dead.created' },
    'x-dead-letter': true,
  });
  expect(channels['events/dead.created']).toMatchObject({
    messages: { 'Order.deadLetter': { headers: { $ref: '#/components/schemas/DeadLetterHeaders' } } },
    'x-jetstream': { stream: 'DEAD' },
  });
  expect(components.schemas['DeadLetterHeaders']).toHaveProperty(['properties', 'dead-letter-error']);
});

it('has the topic of a message for a parameter where a dead letter is named by it, in part too', async () => {
  class Handler {
    @Subscribe('orders', topic(/^log\.\w+$/), { deadLetter: '{source}-dlq' })
    on(_: unknown) {}
  }
  const app = await Test.createTestingModule({ imports: [richModule(Handler)] }).compile();
  const { channels, operations } = await AsyncApi.document(app, { info });
  expect(channels['orders/source-dlq']).toMatchObject({
    address: '{source}-dlq',
    parameters: { source: { description: 'Topic or subject of the message that is parked' } },
  });
  expect(channels['orders/source-dlq']).not.toHaveProperty('bindings');
  expect(operations['Handler.on.deadLetter']).toMatchObject({ 'x-of-each': true });
});

it('has parameters for placeholders and wildcards, and no address for a RegExp', async () => {
  const { channels } = await rich();
  const keys = ['orders/customers.region.id', 'events/invoices.0', 'orders/log_._level_w3_5'];
  expect(keys.map((key) => [channels[key]?.address, Object.keys(channels[key]?.parameters ?? {})])).toEqual([
    ['customers.{region}.{id}', ['region', 'id']],
    ['invoices.{0}', ['0']],
    [null, []],
  ]);
});

it('tells of a durable consumer and its stream by extensions, of a queue group by its binding', async () => {
  const { channels, operations } = await rich();
  expect(operations['Orders.shop.receive']).toMatchObject({
    'x-jetstream': { stream: 'SHOP', durable: 'billing', filter: 'orders.*' },
  });
  expect(channels['events/orders.step']).toMatchObject({
    'x-jetstream': { stream: 'SHOP', subjects: ['orders.>', 'paid'] },
  });
  expect(operations['Orders.invoice.receive']).toMatchObject({
    bindings: { nats: { queue: 'billing', bindingVersion: '0.1.0' } },
  });
});

it('names all streams of one subject, and none where a writer names none', async () => {
  class Handler {
    @Subscribe('events', stream('SHOP', { durable: 'a', filter: 'orders.created', subjects: ['orders.>'] }))
    @PublishTo('events', toStream('other'))
    one(_: unknown) {}

    @Subscribe('events', stream('MIRROR', { durable: 'b', filter: 'orders.created' }))
    @PublishTo('events', toStream('orders.created', { stream: 'SHOP' }))
    two(_: unknown) {}
  }
  const app = await Test.createTestingModule({ imports: [richModule(Handler)] }).compile();
  const { channels } = await AsyncApi.document(app, { info });
  expect(channels['events/orders.created']?.['x-jetstream']).toEqual([
    { stream: 'SHOP', subjects: ['orders.>'] },
    { stream: 'MIRROR' },
  ]);
  expect(channels['events/other']).not.toHaveProperty('x-jetstream');
});

it('leaves the headers of dead letters their name where a schema of the application has it', async () => {
  const schema = z.object({ a: z.string() }).meta({ title: 'DeadLetterHeaders' });
  class Handler {
    @Subscribe('orders', 'a', { schema, deadLetter: 'dead' })
    on(_: unknown) {}
  }
  const app = await Test.createTestingModule({ imports: [richModule(Handler)] }).compile();
  const { components } = await AsyncApi.document(app, { info });
  expect(components.schemas).toMatchObject({
    DeadLetterHeaders: { properties: { 'dead-letter-error': { type: 'string' } } },
    DeadLetterHeaders2: { properties: { a: { type: 'string' } } },
  });
});

it('says that the host of a broker is not known', async () => {
  const brokers = () => Promise.resolve(['kafka:9092']);
  const late = kafkaBroker({ name: 'late', groupId: 'g', client: { brokers } });
  @Module({ imports: [MultiBrokerModule.forRoot([late])] })
  class AppModule {}
  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const { servers } = await AsyncApi.document(app, { info });
  expect(servers['late']).toMatchObject({ host: 'late', 'x-host-unknown': true });
  expect((await rich()).servers['orders']).not.toHaveProperty('x-host-unknown');
});

it("takes a placeholder of the name source for a dead letter's only where dead letters are", async () => {
  class Handler {
    @Subscribe('orders', 'in.{source}')
    @PublishTo('archive', 'out.{source}')
    on(_: unknown) {}
  }
  const app = await Test.createTestingModule({ imports: [richModule(Handler)] }).compile();
  const { channels } = await AsyncApi.document(app, { info });
  const description = 'Placeholder source of the address';
  for (const key of ['orders/in.source', 'archive/out.source']) {
    expect(channels[key]?.parameters).toEqual({ source: { description } });
  }
});

it('has a batch and what a handler does otherwise than by default', async () => {
  const { operations } = await rich();
  expect(operations['Orders.archived.receive']).toMatchObject({ 'x-batch': { maxSize: 100, maxWaitMs: 50 } });
  expect(operations['Orders.customer.receive']).toMatchObject({ 'x-concurrency': 8, 'x-ack': 'reject-on-error' });
  expect(operations['Orders.paid.receive']).toMatchObject({ 'x-filtered': true });
  expect(operations['Orders.rest.send']).toMatchObject({ 'x-best-effort': true });
});

it('has the answer of a handler whose type says that it returns one', async () => {
  const { operations, channels } = await rich();
  expect(operations['Orders.price.receive']?.reply).toEqual({
    address: expect.objectContaining({ location: '$message.header#/replyTo' }),
    channel: { $ref: '#/channels/events~1Orders.price.reply' },
    messages: [{ $ref: '#/channels/events~1Orders.price.reply/messages/Price' }],
  });
  expect(channels['events/Orders.price.reply']?.address).toBeNull();
  expect(operations['Orders.audit.receive']?.reply).toBeUndefined();
});

it('has the payloads of zod, arktype, valibot, class-validator and @nestjs/swagger', async () => {
  const { channels, components } = await rich();
  const of = (key: string) => Object.keys(channels[key]?.messages ?? {});
  expect(
    ['orders/created', 'orders/mixed', 'events/price.of', 'events/orders.step', 'events/invoices.step'].map(of),
  ).toEqual([['Order'], ['Mixed', 'Mixed2'], ['PriceOf'], ['Customer'], ['Receipt']]);
  expect(components.schemas).toMatchObject({
    Order: { properties: { id: { type: 'string' } }, examples: [{ id: 'o-1', lines: [] }] },
    Mixed: { properties: { amount: { type: 'number', exclusiveMinimum: 0 } } },
    Mixed2: { properties: { children: { items: { $ref: '#/components/schemas/Mixed2' } } } },
    PriceOf: { properties: { sku: { type: 'string', minLength: 2 } } },
    Customer: { properties: { addresses: { items: { $ref: '#/components/schemas/Address' } } } },
    Receipt: { properties: { prices: { items: { $ref: '#/components/schemas/Price' } } } },
    Price: { properties: { currency: { type: ['string', 'null'] } } },
  });
});

it('is the same each time, and the same as YAML', async () => {
  const document = await rich();
  const app = await Test.createTestingModule({ imports: [richModule()] }).compile();
  expect(JSON.stringify(await AsyncApi.document(app, { info }))).toBe(JSON.stringify(document));
  const { parse } = await import('yaml');
  expect(parse(await AsyncApi.yaml(document))).toEqual(JSON.parse(JSON.stringify(document)));
});

it('leaves out what goes to a broker that is not added yet, and names who waits for one', async () => {
  class Late {
    @Subscribe('late', 'a')
    waits() {}

    @Subscribe('orders', 'b')
    @PublishTo('late', 'c')
    publishes() {}
  }
  const allowLateBrokers = true;
  @Module({ imports: [MultiBrokerModule.forRoot([...definitions], { allowLateBrokers })], providers: [Late] })
  class AppModule {}
  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const document = await AsyncApi.document(app, { info });
  expect(Object.keys(document.operations)).toEqual(['Late.publishes.receive']);
  expect(document['x-waiting']).toEqual([{ handler: 'Late.waits', broker: 'late' }]);
});

it.each([
  ['without a title', { info: { version: '1' } }, 'info.title'],
  ['without a version', { info: { title: 'T' } }, 'info.version'],
  ['without info', {}, 'info.title'],
  ['with an unknown option', { info, defaultContentTyp: 'x' }, "did you mean 'defaultContentType'?"],
])('is refused %s', async (_, options, told) => {
  const app = await Test.createTestingModule({ imports: [richModule()] }).compile();
  await expect(AsyncApi.document(app, options as never)).rejects.toThrow(told);
});
