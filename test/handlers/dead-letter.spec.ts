import { describe, expect, it } from '@jest/globals';
import type { BrokerDefinition, HandlerOptions } from '../../lib/driver/index.js';
import { checkWiring, type HandlerDeclaration } from '../../lib/handlers/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { declaration } from '../support/declaration.js';

const kafka = (options: HandlerOptions = {}) =>
  kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] }, ...options });
const nats = (options: HandlerOptions = {}) => natsBroker({ name: 'events', client: {}, ...options });

function check(declarations: HandlerDeclaration[], definitions: BrokerDefinition[] = [kafka(), nats()]) {
  const brokers = new Map(definitions.map((definition) => [definition.name, definition]));
  return checkWiring(declarations, brokers, { allowLateBrokers: false });
}

function deadLetterOf(options: HandlerOptions, definitions?: BrokerDefinition[], source: unknown = 'created') {
  const { bindings, problems } = check([declaration({ source, options } as never)], definitions);
  expect(problems).toEqual([]);
  return bindings[0]!;
}

describe('the dead letter of a handler', () => {
  it('as a string is a destination on the broker of its source', () => {
    const { deadLetter, targets } = deadLetterOf({ deadLetter: 'parked' });
    expect([deadLetter, targets]).toEqual([{ broker: 'orders', destination: 'parked' }, ['orders']]);
  });

  it('may be on another broker, which reading waits for like for that of a publisher', () => {
    const destination = toStream('parked');
    const { deadLetter, targets } = deadLetterOf({ deadLetter: { broker: 'events', destination } });
    expect([deadLetter, targets]).toEqual([{ broker: 'events', destination }, ['events']]);
  });

  it('fills in the address of the source, also within a stream destination', () => {
    expect(deadLetterOf({ deadLetter: '{source}.dlq' }).deadLetter?.destination).toBe('created.dlq');
    const deadLetter = { broker: 'events', destination: toStream('dead.{source}', { stream: 'DEAD' }) };
    expect(deadLetterOf({ deadLetter }).deadLetter?.destination).toEqual(toStream('dead.created', { stream: 'DEAD' }));
    const ofStream = declaration({
      broker: 'events',
      source: stream('ORDERS', { durable: 'd' }),
      options: { deadLetter: { broker: 'orders', destination: '{source}.dlq' } },
    });
    expect(check([ofStream]).bindings[0]?.deadLetter?.destination).toBe('ORDERS.dlq');
  });

  it('is the default of its broker, unless it has its own or false', () => {
    const definitions = [kafka({ deadLetter: { broker: 'events', destination: 'all' } }), nats()];
    expect(deadLetterOf({}, definitions).deadLetter).toEqual({ broker: 'events', destination: 'all' });
    expect(deadLetterOf({ deadLetter: 'own' }, definitions).deadLetter?.destination).toBe('own');
    const off = deadLetterOf({ deadLetter: false }, definitions);
    expect([off.deadLetter, off.targets]).toEqual([undefined, []]);
  });

  it.each([
    ['empty', ''],
    ['true', true],
    ['a number', 5],
    ['without a destination', { broker: 'events' }],
    ['a destination alone', toStream('x')],
    ['an unset destination', { destination: undefined }],
    ['headers that are no function', { destination: 'x', headers: {} }],
    ['a broker that is no name', { destination: 'x', broker: 1 }],
    ['an option that does not exist', { destination: 'x', topic: 'y' }],
  ])('is refused: %s', (_, deadLetter) => {
    const refused = expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID', broker: 'orders' });
    expect(check([declaration({ options: { deadLetter } } as never)]).problems).toEqual([refused]);
    expect(check([], [kafka({ deadLetter } as never)]).problems).toEqual([refused]);
  });

  it('on an unknown broker is a problem that suggests the nearest name', () => {
    const { problems } = check([declaration({ options: { deadLetter: { broker: 'evnts', destination: 'x' } } })]);
    expect(problems).toMatchObject([
      { code: 'MULTI_BROKER_UNKNOWN_BROKER', message: expect.stringMatching(/deadLetter names a broker.*'events'/) },
    ]);
  });

  it('that its broker does not take is a problem', () => {
    const wrong = { broker: 'orders', destination: toStream('x') };
    expect(check([declaration({ options: { deadLetter: wrong } })]).problems).toMatchObject([
      { code: 'MULTI_BROKER_WRONG_KIND', handler: 'Orders.onCreated' },
    ]);
    expect(
      check([declaration({ source: topic(/^a$/), options: { deadLetter: '{source} dlq' } })]).problems,
    ).toMatchObject([{ code: 'MULTI_BROKER_ADDRESS_INVALID' }]);
  });

  it.each([
    ['its own topic', 'orders', 'created', 'created'],
    ['a topic that its RegExp matches', 'orders', topic(/^created/), 'created.dlq'],
    ['its own subject', 'events', 'created', 'created'],
    ['a subject that its wildcard matches', 'events', 'orders.>', 'orders.dlq'],
    [
      'a subject of its stream',
      'events',
      stream('S', { durable: 'd', subjects: ['orders.>'] }),
      toStream('orders.dlq'),
    ],
    ['a subject of its filter', 'events', stream('S', { durable: 'd', filter: 'orders.*' }), toStream('orders.dlq')],
  ])('must not come back to the handler: %s', (_, broker, source, destination) => {
    const { problems } = check([declaration({ broker, source, options: { deadLetter: { broker, destination } } })]);
    expect(problems).toMatchObject([{ code: 'MULTI_BROKER_DEAD_LETTER_LOOP', handler: 'Orders.onCreated', broker }]);
  });

  it.each([
    ['the same name on another broker', 'orders', 'created', { broker: 'events', destination: toStream('created') }],
    [
      'outside of its filter',
      'events',
      stream('S', { durable: 'd', filter: 'orders.*' }),
      { destination: toStream('o') },
    ],
  ])('may go to %s', (_, broker, source, deadLetter) => {
    expect(check([declaration({ broker, source, options: { deadLetter } })]).problems).toEqual([]);
  });

  it('of a broker that comes late is waited for', () => {
    const late = declaration({ options: { deadLetter: { broker: 'late', destination: '{source}.dlq' } } });
    const brokers = new Map<string, BrokerDefinition>([['orders', kafka()]]);
    const { waiting, bindings, problems } = checkWiring([late], brokers, { allowLateBrokers: true });
    expect([waiting, bindings, problems]).toEqual([[late], [], []]);
  });
});
