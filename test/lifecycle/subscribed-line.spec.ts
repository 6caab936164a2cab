import { expect, it } from '@jest/globals';
import { subscribedLine } from '../../lib/lifecycle/encode-publish.js';
import { bindingOf } from '../../lib/handlers/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject } from '../../lib/nats/index.js';
import { declaration } from '../support/declaration.js';
import { definition, LifecycleRig } from '../support/lifecycle-rig.js';

const lines = (rig: LifecycleRig): string[] => rig.log.lines.filter((line) => line.includes('Subscribed'));

it('a start tells each handler in a line: where it reads, and where its results go', async () => {
  const rig = new LifecycleRig({
    brokers: ['orders', 'events'],
    handlers: [
      {
        handler: 'Bridge.both',
        broker: 'orders',
        source: 'incoming',
        publishTo: [to('events', 'a'), to('orders', 'b')],
      },
      { handler: 'Audit.on', broker: 'events', source: 'core.stored' },
    ],
  });
  await rig.multi.start();
  expect(lines(rig)).toEqual([
    'info Subscribed {events/core.stored} Audit.on',
    'info Subscribed {orders/incoming} Bridge.both → events/a, orders/b',
  ]);
});

it('what begins later is told when it begins', async () => {
  const rig = new LifecycleRig({
    brokers: ['orders', definition('events', { critical: false })],
    handlers: [{ handler: 'Audit.on', broker: 'events', source: 'stored' }],
    prepare: ({ name, gates }) => {
      if (name === 'events' && rig.made('events') < 2) gates.connect = () => Promise.reject(new Error('down'));
    },
  });
  const started = rig.multi.start();
  await rig.advance(4_000);
  await started;
  await rig.advance(10_000);
  expect(lines(rig)).toEqual(['info Subscribed {events/stored} Audit.on']);
});

const orders = kafkaBroker({ name: 'orders', groupId: 'bridge', client: { brokers: ['localhost:9092'] } });
const events = natsBroker({ name: 'events', client: {}, queue: 'workers', addresses: { stored: 'shop.stored' } });

it.each([
  [orders, 'incoming', '{orders/incoming} A.on (group bridge)'],
  [orders, topic(/^in\..*$/, { groupId: 'g' }), '{orders//^in\\..*$/} A.on (group g)'],
  [events, 'stored', '{events/shop.stored} A.on (queue workers)'],
  [events, subject('a.*', { queue: false }), '{events/a.*} A.on'],
  [events, stream('SHOP', { durable: 'audit' }), '{events/SHOP} A.on (durable audit)'],
])('it says by what replicas share the messages: %#', (broker, source, expected) => {
  const binding = bindingOf(broker, declaration({ handler: 'A.on', broker: broker.name, source }));
  expect(subscribedLine(binding, () => undefined)).toBe(`Subscribed ${expected}`);
});

function to(broker: string, destination: string) {
  return { broker, destination, options: {} };
}
