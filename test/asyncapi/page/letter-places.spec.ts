import { expect, it } from '@jest/globals';
import { letterPlacesOf } from '../../../lib/asyncapi/page/letters/places.js';
import type { BrokerDefinition, DeadLetterPlace, Destination, Topology } from '../../../lib/driver/index.js';
import { kafkaBroker, topic } from '../../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';

const brokers: Readonly<Record<string, BrokerDefinition>> = {
  k: kafkaBroker({ name: 'k', groupId: 'g', prefix: 'eu.', client: { brokers: ['localhost:9092'] } }),
  n: natsBroker({ name: 'n', client: {} }),
};

/** A topology whose handlers park there. */
function parking(targets: readonly (readonly [broker: string, to: string | Destination])[]): Topology {
  const handlers = targets.map(([broker, to]) => {
    const spec = brokers[broker]!.destination(to);
    return { deadLetter: { broker, ofEach: false, destination: { address: spec.address, spec, readBy: [] } } };
  });
  return { brokers: [], waiting: [], handlers } as unknown as Topology;
}

const places = (topology: Topology, named: readonly DeadLetterPlace[] = []) =>
  letterPlacesOf(topology, named, (name) => brokers[name]);

const DEAD = stream('DEAD', { durable: 'd' });

it('two subjects of one stream are one place, named by what is read', () => {
  const found = places(
    parking([
      ['n', toStream('dead.orders', { stream: 'DEAD' })],
      ['n', toStream('dead.payments', { stream: 'DEAD' })],
    ]),
  );
  expect(found).toMatchObject([{ broker: 'n', label: 'stream DEAD' }]);
});

it('one stream by two filters is two places', () => {
  const named = ['dead.a', 'dead.b'].map((filter) => ({ broker: 'n', source: { ...DEAD, filter } }));
  expect(places(parking([]), named).map(({ label }) => label)).toEqual([
    'stream DEAD (dead.a)',
    'stream DEAD (dead.b)',
  ]);
});

it.each<[string, DeadLetterPlace['source'], string | Destination, string]>([
  ['stream', DEAD, toStream('dead.orders', { stream: 'DEAD' }), 'n'],
  ['topic', 'dlq', 'dlq', 'k'],
  ['topic()', topic('dlq'), 'dlq', 'k'],
])('a %s that is named and parked in is one place', (_, source, to, broker) => {
  expect(places(parking([[broker, to]]), [{ broker, source }])).toHaveLength(1);
});

it('a place has the same id beside others, in every version of the application', () => {
  const before = places(parking([['k', 'dlq']]));
  const after = places(
    parking([
      ['k', 'other.dlq'],
      ['k', 'dlq'],
    ]),
  );
  expect(after.find(({ label }) => label === 'dlq')?.id).toBe(before[0]?.id);
});
