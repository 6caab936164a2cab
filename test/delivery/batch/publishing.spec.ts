import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { BatchFailure, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { batchRig } from '../../support/batch-rig.js';
import { confirmed, refused } from '../../support/fake-driver.js';
import { FakeMessage, messages } from '../../support/fake-lane.js';
import { closeTestApps, testApp } from '../../support/test-app.js';
import { turns } from '../../support/turns.js';

afterEach(closeTestApps);

const batch = { maxSize: 10 };
const routes = [{ broker: 'out', destination: 'q dedupes' }];

describe('the results of a batch', () => {
  it('leave as one produce; item i has the correlation id, the hop count and the dedupe id of message i', async () => {
    const { rig } = batchRig({
      batch,
      binding: { routes },
      handle: (bodies) => bodies.map((body) => outgoing(`from ${body}`)),
    });
    const headers = { 'correlation-id': 'c', 'multi-broker-hops': '3' };
    void rig.take(new FakeMessage({ body: 'a', headers }), ...messages('b', 'c'));
    await turns();
    const [write, ...others] = rig.drivers.out.writes;
    expect([write?.bodies, others]).toEqual([['from a', 'from b', 'from c'], []]);
    expect(
      write?.batch.map((message) => [message.headers?.['correlation-id'], message.headers?.['multi-broker-hops']]),
    ).toEqual([
      ['c', '4'],
      ['b', '1'],
      ['c', '1'],
    ]);
    const single = batchRig({
      batch: { maxSize: 1 },
      binding: { routes },
      handle: (bodies) => bodies.map((body) => outgoing(body)),
    });
    void single.rig.take(...messages('a', 'b', 'c'));
    await turns();
    const ids = (writes: typeof rig.drivers.out.writes) =>
      writes.flatMap((one) => one.batch.map(({ dedupeId }) => dedupeId));
    expect(ids(rig.drivers.out.writes)).toEqual(ids(single.rig.drivers.out.writes));
  });

  it('settle each message once its own are confirmed', async () => {
    const { rig } = batchRig({ batch, binding: { routes }, handle: (bodies) => [undefined, outgoing(bodies[1])] });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.fates).toEqual(['a ack']);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
  });

  it('that are refused for good fail their message alone', async () => {
    const { rig, batches } = batchRig({
      batch,
      binding: { routes, ack: 'reject-on-error' },
      handle: (bodies) => bodies.map((body) => outgoing(body)),
    });
    rig.drivers.out.outcome = ({ body }) => (String(body) === 'b' ? refused(false) : confirmed);
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    expect([...rig.lane.fates].sort()).toEqual(['a ack', 'b reject', 'c ack']);
    expect(batches).toHaveLength(1);
  });
});

describe('outgoing.each() of a batch', () => {
  const each = (count: number) => ({
    ...batch,
    handle: () => Promise.resolve({ ofAll: Array.from({ length: count }, (_, index) => outgoing(`item ${index}`)) }),
  });

  it('settles all of its messages once all items are confirmed', async () => {
    const { rig } = batchRig({ batch: each(2), binding: { routes } });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    expect([rig.lane.fates, rig.drivers.out.writes.map(({ bodies }) => bodies)]).toEqual([[], [['item 0', 'item 1']]]);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack', 'c ack']);
    expect(rig.counts.handled).toBe(3);
  });

  it('of no items settles all of its messages', async () => {
    const { rig } = batchRig({ batch: each(0), binding: { routes } });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
  });

  it('has the correlation id of the first message, and the highest hop count', async () => {
    const { rig } = batchRig({ batch: each(1), binding: { routes } });
    void rig.take(
      new FakeMessage({ body: 'a', headers: { 'multi-broker-hops': '1' } }),
      new FakeMessage({ body: 'b', headers: { 'multi-broker-hops': '7' } }),
    );
    await turns();
    expect(rig.drivers.out.writes[0]?.batch[0]?.headers).toEqual(
      expect.objectContaining({ 'correlation-id': 'a', 'multi-broker-hops': '8' }),
    );
  });

  it('that is refused for good fails every message', async () => {
    const { rig } = batchRig({ batch: each(1), binding: { routes, ack: 'reject-on-error' } });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.fates).toEqual(['a reject', 'b reject']);
  });
});

@Injectable()
class Bridge {
  readonly calls: unknown[][] = [];

  @Subscribe('orders', 'in', { batch: { maxSize: 10 } })
  @PublishTo('events', 'first')
  @PublishTo('events', 'second')
  on(@Payload() payloads: { n: number }[]) {
    this.calls.push(payloads);
    return payloads;
  }
}

it('a batch publishes to every publisher', async () => {
  const { harness, broker } = await testApp([Bridge]);
  const payloads = [{ n: 1 }, { n: 2 }];
  await broker('orders').publishBatch(
    'in',
    payloads.map((payload) => outgoing(payload, { key: 'k' })),
  );
  await harness.settled();
  for (const to of ['first', 'second'])
    expect(harness.published('events', to).map(({ payload }) => payload)).toEqual(payloads);
});

@Injectable()
class Naming {
  calls: string[] = [];

  @Subscribe('orders', 'incoming', { batch: { maxSize: 4 }, ack: 'reject-on-error', retry: { attempts: 1 } })
  @PublishTo('events', 'outgoing')
  forward(@Payload() texts: string[]): string[] {
    this.calls.push(texts.join(' '));
    const poison = texts.indexOf('poison');
    if (poison >= 0) throw new BatchFailure(new Map([[poison, new Error('never')]]));
    return texts;
  }
}

it('a BatchFailure without results loses none of the others where they are to be published', async () => {
  const { harness, broker } = await testApp([Naming]);
  const sent = ['a', 'b', 'poison', 'c'].map((text) => broker('orders').publish('incoming', text, { key: 'k' }));
  await Promise.all(sent);
  // It rejects with the handler's error, once all is settled.
  await harness.settled().catch(() => undefined);
  const arrived = harness.published('events', 'outgoing').map(({ payload }) => payload);
  expect(arrived.sort()).toEqual(['a', 'b', 'c']);
});
