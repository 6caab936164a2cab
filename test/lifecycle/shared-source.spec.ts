import { expect, it } from '@jest/globals';
import { FakeMessage, messages } from '../support/fake-lane.js';
import { definition, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

const options = { allowLateBrokers: true };
const calls: string[] = [];
const called = (handler: string) => ({ call: () => void calls.push(handler) });
const one = {
  handler: 'Shop.one',
  source: 'in',
  options: { filter: ({ headers }: { headers: Readonly<Record<string, string>> }) => headers['type'] === 'one' },
  ...called('one'),
};
const rest = { handler: 'Shop.rest', source: 'in', ...called('rest') };
const late = { ...rest, publishTo: [{ broker: 'events', destination: 'q', options: {} }] };

it('handlers of one source are subscribed once, and told in a line each', async () => {
  const rig = new LifecycleRig({ brokers: ['orders'], handlers: [rest, one] });
  await rig.multi.start();
  rig.deliver('orders', 'in', new FakeMessage({ headers: { type: 'one' } }), ...messages('x'));
  await turns();
  expect(rig.seen('subscribed')).toEqual(['orders: subscribed in']);
  expect(calls.splice(0)).toEqual(['one', 'rest']);
  expect(rig.log.lines.filter((line) => line.includes('Subscribed'))).toEqual([
    'info Subscribed {orders/in} Shop.one',
    'info Subscribed {orders/in} Shop.rest',
  ]);
});

it('each handler of a source has a handle of its own; a pause of one holds the source', async () => {
  class Shop {
    one(): void {}
    rest(): void {}
  }
  const method = (name: string) => ({ method: { type: Shop, name } });
  const rig = new LifecycleRig({
    brokers: ['orders'],
    handlers: [
      { ...rest, ...method('rest') },
      { ...one, ...method('one') },
    ],
  });
  const [ofOne, ofRest] = [rig.multi.handler(Shop, 'one'), rig.multi.handler(Shop, 'rest')];
  expect(rig.multi.handlers).toEqual([ofOne, ofRest]);
  await rig.multi.start();
  rig.deliver('orders', 'in', ...messages('x', 'y'));
  await turns();
  expect([ofOne.counts.handled, ofRest.counts, ofRest.state]).toMatchObject([0, { handled: 2, running: 0 }, 'running']);

  ofOne.pause();
  expect([ofOne.state, ofRest.state]).toEqual(['paused', 'waiting']);
  expect(rig.multi.get('orders').health().notes).toEqual([
    expect.stringMatching(/^Shop\.one is paused: nothing of queue in/),
  ]);
  rig.deliver('orders', 'in', ...messages('z'));
  await turns();
  ofRest.pause();
  ofOne.resume();
  expect([ofOne.state, ofRest.state, ofRest.counts.handled]).toEqual(['waiting', 'paused', 2]);
  ofRest.resume();
  await turns();
  expect([ofOne.state, ofRest.state, ofRest.counts.handled]).toEqual(['running', 'running', 3]);
  calls.splice(0);
});

it('handlers of one source wait together for a late broker, and nobody else may read it meanwhile', async () => {
  const rig = new LifecycleRig({ brokers: ['orders'], handlers: [late, one], options });
  await rig.multi.start();
  expect(rig.seen('subscribed')).toEqual([]);
  expect(await stateOf(rig.multi.get('orders').subscribe('in', () => {}))).toBe('MULTI_BROKER_SOURCE_CLASH');
  await rig.multi.add(definition('events'));
  expect(rig.seen('subscribed')).toEqual(['orders: subscribed in']);
  rig.deliver('orders', 'in', ...messages('x'));
  await turns();
  expect(calls.splice(0)).toEqual(['rest']);
});

it('the source is not read while a broker that any of its handlers publishes to is down', async () => {
  const events = definition('events', { critical: false });
  let isDown = true;
  const rig = new LifecycleRig({
    brokers: ['orders', events],
    handlers: [late, one],
    prepare: ({ name, gates }) => {
      if (name === 'events' && isDown) gates.connect = () => Promise.reject(new Error('down'));
    },
  });
  const started = rig.multi.start();
  await rig.advance(4_000);
  await started;
  expect(rig.multi.get('orders').health().reasons).toEqual([
    "Shop.one does not read queue in yet: broker 'events', which it publishes to, is not up",
    "Shop.rest does not read queue in yet: broker 'events', which it publishes to, is not up",
  ]);
  isDown = false;
  await rig.advance(10_000);
  expect(rig.seen('subscribed')).toEqual(['orders: subscribed in']);
});
