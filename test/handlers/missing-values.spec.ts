import { expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { BrokerDefinition, Destination, Source } from '../../lib/driver/index.js';
import { checkWiring, type HandlerDeclaration } from '../../lib/handlers/index.js';
import { MultiBrokerModule, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';
import { closeApps, compile } from '../support/app.js';
import { declaration } from '../support/declaration.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

/** As `process.env.TOPIC!` is where nobody has set it. */
const unset = undefined as unknown as string;
const client = { brokers: ['localhost:9092'] };

const kafka = (options = {}): BrokerDefinition => kafkaBroker({ name: 'orders', groupId: 'g', client, ...options });
const nats = (options = {}): BrokerDefinition => natsBroker({ name: 'events', client: {}, ...options });

function check(fields: Partial<HandlerDeclaration>[], definitions = [kafka(), nats()]) {
  const brokers = new Map(definitions.map((definition) => [definition.name, definition]));
  return checkWiring(fields.map(declaration), brokers, { allowLateBrokers: false });
}

const told = (...args: Parameters<typeof check>) => check(...args).problems.map(({ code, message }) => [code, message]);
const missing = (what: RegExp) => [['MULTI_BROKER_VALUE_MISSING', expect.stringMatching(what)]];

it.each<[string, string, string | Source, string]>([
  ['topic', 'orders', unset, 'source'],
  ['topic()', 'orders', topic(unset), 'topic'],
  ['subject', 'events', unset, 'source'],
  ['subject()', 'events', subject(unset), 'subject'],
  ['stream()', 'events', stream(unset, { durable: 'd' }), 'stream'],
  ['durable', 'events', stream('S', { durable: unset }), 'durable'],
  ['subjects', 'events', stream('S', { durable: 'd', subjects: [unset] }), 'subjects'],
])('an unset %s is a wiring error that names class, method and the likely cause', (_, broker, source, what) => {
  expect(told([{ broker, source }])).toEqual(
    missing(new RegExp(`^Orders\\.onCreated, broker '${broker}': .*${what}.*undefined.*environment variable`)),
  );
});

it.each<[string, string, string | Destination]>([
  ['topic', 'orders', unset],
  ['subject', 'events', unset],
  ['toStream()', 'events', toStream(unset)],
])('an unset %s to publish to is a wiring error that names class, method and the likely cause', (_, broker, to) => {
  expect(told([{ publishTo: [{ broker, destination: to, options: {} }] }])).toEqual(
    missing(new RegExp(`^Orders\\.onCreated, broker '${broker}': .*undefined.*environment variable`)),
  );
});

it('a definition that a circular import leaves undefined is told with class, method and that cause', () => {
  const broker = undefined as unknown as BrokerDefinition;
  expect(told([{ broker }])).toEqual(missing(/^Orders\.onCreated: the broker of @Subscribe.*undefined.*import/));
  expect(told([{ publishTo: [{ broker, destination: 'x', options: {} }] }])).toEqual(
    missing(/^Orders\.onCreated: the broker of @PublishTo.*undefined.*import/),
  );
});

it('what is missing is told with all other mistakes, of the same handler too', () => {
  const codes = check([
    { source: unset, publishTo: [{ broker: 'evnts', destination: 'x', options: {} }] },
    { broker: undefined, publishTo: [{ broker: 'events', destination: unset, options: {} }] },
    { broker: 'oders' },
  ]).problems.map(({ code }) => code);
  expect(codes.sort()).toEqual([
    'MULTI_BROKER_UNKNOWN_BROKER',
    'MULTI_BROKER_UNKNOWN_BROKER',
    'MULTI_BROKER_VALUE_MISSING',
    'MULTI_BROKER_VALUE_MISSING',
    'MULTI_BROKER_VALUE_MISSING',
  ]);
});

it.each([
  ['kafkaBroker()', kafka({ addresses: { incoming: unset } })],
  ['natsBroker()', nats({ addresses: { incoming: unset } })],
])('an address that is not set is told, and not taken for its own name: %s', (_, definition) => {
  expect(told([], [definition])).toEqual([
    ['MULTI_BROKER_OPTION_INVALID', expect.stringMatching(/addresses\.incoming is undefined.*environment variable/)],
  ]);
});

it('servers that are not set are told', () => {
  expect(told([], [nats({ client: { servers: [unset] } })])[0]).toEqual([
    'MULTI_BROKER_OPTION_INVALID',
    expect.stringContaining('client.servers'),
  ]);
});

it('publish() and subscribe() by hand say the same', () => {
  expect(() => kafka().destination(unset)).toThrow(/undefined.*environment variable/);
  expect(() => nats().source(unset)).toThrow(/undefined.*environment variable/);
});

it('an application tells all that is missing in one error, the definitions of forRoot() too', async () => {
  const orders = fakeBroker({ name: 'orders', server: new FakeServer() });
  const circular = undefined as unknown as BrokerDefinition;
  @Injectable()
  class Shop {
    @Subscribe('orders', unset)
    @PublishTo(circular, 'x')
    first() {}

    @Subscribe(circular, 'x')
    second() {}
  }
  const nameless = fakeBroker({ name: unset, server: new FakeServer() });
  const app = await compile({
    imports: [MultiBrokerModule.forRoot([circular, orders, nameless]), MultiBrokerModule.forFeature([circular])],
    providers: [Shop],
  });
  const error: unknown = await app.init().catch((thrown: unknown) => thrown);
  const messages = (error as { problems: Error[] }).problems.map(({ message }) => message);
  expect(messages).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^forRoot\(\): definition 1 is undefined.*import/),
      expect.stringMatching(/^forRoot\(\): definition 3 .*no name/),
      expect.stringMatching(/^forFeature\(\): definition 1 is undefined.*import/),
      expect.stringMatching(/^Shop\.first, broker 'orders': the source of @Subscribe is undefined/),
      expect.stringMatching(/^Shop\.first: the broker of @PublishTo is undefined/),
      expect.stringMatching(/^Shop\.second: the broker of @Subscribe is undefined/),
    ]),
  );
  expect(messages).toHaveLength(6);
  await closeApps();
});
