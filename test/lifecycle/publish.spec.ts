import { describe, expect, it } from '@jest/globals';
import { json } from '../../lib/codec/index.js';
import { outgoing, type PublishOptions } from '../../lib/driver/index.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { definition, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

async function up(): Promise<LifecycleRig> {
  const rig = new LifecycleRig({ brokers: ['orders', definition('json', { codec: json })] });
  await rig.multi.start();
  return rig;
}

/** What is written for a publish. */
async function written(payload: unknown, options?: PublishOptions, broker = 'orders'): Promise<unknown> {
  const rig = await up();
  await rig.multi.get(broker).publish('q', payload, options);
  const { body, key, headers, dedupeId } = rig.driver(broker).writes[0]?.batch[0] ?? {};
  return { body: body === null ? null : String(body), key, headers, dedupeId };
}

const plain = { key: undefined, dedupeId: undefined };

describe('publish()', () => {
  it('encodes by the codec of the publish, else of the broker, else by what it is given', async () => {
    const text = { 'content-type': 'text/plain' };
    const asJson = { 'content-type': 'application/json' };
    expect(await written('x')).toEqual({ ...plain, body: 'x', headers: text });
    expect(await written({ x: 1 })).toEqual({ ...plain, body: '{"x":1}', headers: asJson });
    expect(await written('x', { codec: json })).toEqual({ ...plain, body: '"x"', headers: asJson });
    expect(await written('x', {}, 'json')).toEqual({ ...plain, body: '"x"', headers: asJson });
    expect(await written(null)).toEqual({ ...plain, body: null, headers: {} });
  });

  it('takes null for no options, and refuses a batch that is no array, as plain JavaScript may give them', async () => {
    const rig = await up();
    const orders = rig.multi.get('orders');
    await orders.publish('q', 'x', null as unknown as PublishOptions);
    expect(rig.driver('orders').writes).toHaveLength(1);
    for (const [given, type] of [
      [undefined, 'undefined'],
      ['abc', 'string'],
    ] as const) {
      await expect(orders.publishBatch('q', given as unknown as unknown[])).rejects.toMatchObject({
        code: 'MULTI_BROKER_OPTION_INVALID',
        message: expect.stringContaining(`takes an array of payloads, not ${type}`) as unknown,
      });
    }
  });

  it('refuses undefined, as of a variable that was forgotten: null is how one asks for a tombstone', async () => {
    for (const payload of [undefined, outgoing(undefined)]) {
      await expect(written(payload)).rejects.toMatchObject({ code: 'MULTI_BROKER_UNENCODABLE', broker: 'orders' });
    }
  });

  it('refuses a text that is no JSON though its content type says so: it would hold every reader', async () => {
    const headers = { 'Content-Type': 'application/json' };
    await expect(written('v', { headers })).rejects.toMatchObject({ code: 'MULTI_BROKER_UNENCODABLE' });
    expect(await written('{"a":1}', { headers })).toMatchObject({ body: '{"a":1}', headers });
  });

  it('sends key and headers; those of an outgoing() win', async () => {
    const options = { key: 'k', headers: { a: '1', b: '1' } };
    expect(await written('x', options)).toMatchObject({ key: 'k', headers: options.headers });
    expect(await written(outgoing('x', { key: 'own', headers: { b: '2' } }), options)).toMatchObject({
      body: 'x',
      key: 'own',
      headers: { a: '1', b: '2' },
    });
  });

  it('leaves a content type of the user’s own', async () => {
    const headers = { 'content-type': 'application/xml' };
    expect(await written('<x/>', { headers })).toMatchObject({ headers });
    const spelt = { 'Content-Type': 'application/xml' };
    expect(await written('<x/>', { headers: spelt })).toEqual({ ...plain, body: '<x/>', headers: spelt });
    const own = outgoing('<x/>', { headers: spelt });
    expect(await written(own, { headers })).toEqual({ ...plain, body: '<x/>', headers: spelt });
  });

  it('resolves with the receipt when the broker confirmed, not earlier', async () => {
    const rig = await up();
    rig.driver('orders').hold = true;
    const published = rig.multi.get('orders').publish('q', 'x');
    expect(await stateOf(published)).toBe('open');
    rig.driver('orders').writes[0]?.answer([confirmed]);
    expect(await published).toEqual({ position: 'out@1' });
  });

  it('rejects with the error of the broker, and is not tried again', async () => {
    const rig = await up();
    rig.driver('orders').outcome = () => refused(true);
    expect(await stateOf(rig.multi.get('orders').publish('q', 'x'))).toBe('MULTI_BROKER_PUBLISH_UNCONFIRMED');
    expect([rig.driver('orders').written, rig.clock.pending()]).toEqual([['x'], []]);
  });

  it('refuses what is no destination, what cannot be encoded and what is not offered, before it dials', async () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    const broker = rig.multi.get('orders');
    expect(await stateOf(broker.publish('!bad', 'x'))).toBe('MULTI_BROKER_ADDRESS_INVALID');
    expect(await stateOf(broker.publish('q', () => 'no JSON'))).toBe('MULTI_BROKER_UNENCODABLE');
    expect(await stateOf(broker.publish('q', 'x', { dedupeId: 'd' }))).toBe('MULTI_BROKER_OPTION_UNSUPPORTED');
    expect(rig.events).toEqual([]);
  });

  it('of one turn of the event loop leave together', async () => {
    const rig = await up();
    const broker = rig.multi.get('orders');
    await Promise.all([broker.publish('q', 'a'), broker.publish('q', 'b')]);
    expect(rig.driver('orders').writes).toHaveLength(1);
  });
});

describe('publishBatch()', () => {
  it('publishes in order, in one call, and resolves with the receipts in that order', async () => {
    const rig = await up();
    let place = 0;
    rig.driver('orders').outcome = () => ({ receipt: { position: String(place++) } });
    const items = ['a', outgoing('b', { key: 'k' }), { c: 1 }];
    const receipts = await rig.multi.get('orders').publishBatch('q', items, { headers: { h: '1' } });
    expect(receipts).toEqual([{ position: '0' }, { position: '1' }, { position: '2' }]);
    const [write] = rig.driver('orders').writes;
    expect(write?.bodies).toEqual(['a', 'b', '{"c":1}']);
    expect(write?.batch.map(({ key, headers }) => [key, headers?.['h']])).toEqual([
      [undefined, '1'],
      ['k', '1'],
      [undefined, '1'],
    ]);
  });

  it('rejects when one is not confirmed, after all have an outcome', async () => {
    const rig = await up();
    rig.driver('orders').outcome = ({ body }) => (String(body) === 'b' ? refused(false) : confirmed);
    expect(await stateOf(rig.multi.get('orders').publishBatch('q', ['a', 'b', 'c']))).toBe(
      'MULTI_BROKER_PUBLISH_REJECTED',
    );
    expect(rig.driver('orders').written).toEqual(['a', 'b', 'c']);
  });

  it('writes none where one cannot be encoded', async () => {
    const rig = await up();
    expect(await stateOf(rig.multi.get('orders').publishBatch('q', ['a', Symbol('b')]))).toBe(
      'MULTI_BROKER_UNENCODABLE',
    );
    await turns();
    expect(rig.driver('orders').written).toEqual([]);
  });

  it('of nothing resolves with nothing', async () => {
    const rig = await up();
    expect(await rig.multi.get('orders').publishBatch('q', [])).toEqual([]);
  });
});

it('a name is resolved once, and not remembered for ever: subjects may be made from data', async () => {
  const base = definition('orders');
  let resolved = 0;
  const rig = new LifecycleRig({
    brokers: [
      {
        ...base,
        destination: (to) => {
          resolved++;
          return base.destination(to);
        },
      },
    ],
  });
  await rig.multi.start();
  const broker = rig.multi.get('orders');
  await Promise.all(Array.from({ length: 10 }, () => broker.publish('q', 'x')));
  expect(resolved).toBe(1);
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => broker.publish(`q${n}`, 'x')));
  await broker.publish('q', 'x');
  expect(resolved).toBe(1_002);
  await eventually(() => !rig.multi.busy);
});
