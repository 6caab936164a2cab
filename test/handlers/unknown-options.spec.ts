import { expect, it } from '@jest/globals';
import type { BrokerDefinition } from '../../lib/driver/index.js';
import { checkWiring } from '../../lib/handlers/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';
import { resolveOptions } from '../../lib/lifecycle/index.js';
import { declaration } from '../support/declaration.js';
import { LifecycleRig } from '../support/lifecycle-rig.js';

const client = { brokers: ['localhost:9092'] };
const kafka = (options = {}): BrokerDefinition => kafkaBroker({ name: 'orders', groupId: 'g', client, ...options });
const nats = (options = {}): BrokerDefinition => natsBroker({ name: 'events', client: {}, ...options });

function told(fields: Parameters<typeof declaration>[0], definitions = [kafka(), nats()]): string[] {
  const brokers = new Map(definitions.map((definition) => [definition.name, definition]));
  const declarations = fields === undefined ? [] : [declaration(fields)];
  return checkWiring(declarations, brokers, { allowLateBrokers: false }).problems.map(({ message }) => message);
}

const options = (given: object): object => given;

it.each([
  ['@Subscribe', { options: options({ acks: 'manual' }) }, 'acks', 'ack'],
  ['retry', { options: options({ retry: { delay: 5 } }) }, 'retry.delay', 'retry.delayMs'],
  ['concurrency', { options: options({ concurrency: { request: 5 } }) }, 'concurrency.request', 'concurrency.requests'],
  ['topic()', { source: topic('created', options({ grupId: 'x' })) }, 'grupId', 'groupId'],
  ['subject()', { broker: 'events', source: subject('a', options({ queu: 'x' })) }, 'queu', 'queue'],
  [
    'stream()',
    { broker: 'events', source: stream('A', { durable: 'd', ...options({ ackWait: 5 }) }) },
    'ackWait',
    'ackWaitMs',
  ],
])('an unknown option of %s is a wiring error with the nearest name', (of, fields, unknown, nearest) => {
  const [problem, ...others] = told(fields);
  expect(others).toEqual([]);
  expect(problem).toContain('Orders.onCreated');
  expect(problem).toContain(`'${unknown}'`);
  expect(problem).toContain(`did you mean '${nearest}'?`);
  if (of.endsWith('()')) expect(problem).toContain(of);
});

it.each([
  ['@PublishTo', 'x', { heders: {} }, 'heders', 'headers'],
  ['forward', 'x', { forward: { keys: true } }, 'forward.keys', 'forward.key'],
  ['toStream()', toStream('x', options({ strem: 'S' })), {}, 'strem', 'stream'],
])('an unknown option of %s is a wiring error with the nearest name', (_, destination, given, unknown, nearest) => {
  const [problem, ...others] = told({ publishTo: [{ broker: 'events', destination, options: options(given) }] });
  expect(others).toEqual([]);
  expect(problem).toContain(`'${unknown}'`);
  expect(problem).toContain(`did you mean '${nearest}'?`);
});

it.each([
  ['kafkaBroker()', kafka({ grupId: 'x' }), 'grupId', 'groupId'],
  ['natsBroker()', nats({ queu: 'x' }), 'queu', 'queue'],
  ['a broker default', nats({ retry: { delay: 5 } }), 'retry.delay', 'retry.delayMs'],
])('an unknown option of %s is a wiring error with the nearest name', (_, definition, unknown, nearest) => {
  const [problem, ...others] = told(undefined, [definition]);
  expect(others).toEqual([]);
  expect(problem).toContain(`Broker '${definition.name}'`);
  expect(problem).toContain(`'${unknown}'`);
  expect(problem).toContain(`did you mean '${nearest}'?`);
});

it('an unknown option that is like no other is told with all that there are', () => {
  expect(told({ source: topic('created', options({ zzzzzzzz: 1 })) })[0]).toContain(
    "'zzzzzzzz'; there are groupId, fromBeginning",
  );
});

it('several unknown options of one source are told together', () => {
  const [problem] = told({ source: topic('created', options({ grupId: 'x', fromStart: true })) });
  expect(problem).toMatch(/'grupId'.*'fromStart'/);
});

it('an unknown option of forRoot() is a wiring error with the nearest name', () => {
  const rig = new LifecycleRig();
  rig.multi.configure(resolveOptions(options({ autostart: false })));
  expect(() => rig.multi.check()).toThrow(/'autostart'; did you mean 'autoStart'\?/);
});

it("the clients' own options are not looked at", () => {
  const known = [
    kafka({ client: { ...client, whatever: 1 }, consumer: { whatever: 1 }, producer: { whatever: 1 } }),
    nats({ client: { whatever: 1 } }),
  ];
  expect(told(undefined, known)).toEqual([]);
});
