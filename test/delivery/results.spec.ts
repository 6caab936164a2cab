import { describe, expect, it } from '@jest/globals';
import type { HandlerResult, ResultItem } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const routes = [{ broker: 'out', destination: 'q dedupes' }];

async function published(result: HandlerResult | Promise<HandlerResult>): Promise<Rig> {
  const rig = new Rig({ binding: { routes }, handle: () => result });
  void rig.take(...messages('a'));
  await eventually(() => rig.lane.settled.length === 1);
  return rig;
}

describe('a handler that returns', () => {
  it('undefined publishes nothing', async () => {
    const rig = await published(undefined);
    expect([rig.drivers.out.writes, rig.lane.fates]).toEqual([[], ['a ack']]);
  });

  it('no items publishes nothing', async () => {
    const rig = await published([]);
    expect([rig.drivers.out.writes, rig.lane.fates]).toEqual([[], ['a ack']]);
  });

  it('null publishes a message without a value', async () => {
    const rig = await published(outgoing(null));
    expect(rig.drivers.out.writes[0]?.batch[0]).toMatchObject({ body: null });
  });

  it('an item with a destination of its own publishes there', async () => {
    const rig = await published(outgoing('x', { destination: 'elsewhere' }));
    expect(rig.drivers.out.writes.map(({ to }) => to.address)).toEqual(['elsewhere']);
  });

  it('several items publishes them together, in order', async () => {
    const rig = await published([outgoing('1'), outgoing('2'), outgoing('3')]);
    expect(rig.drivers.out.writes.map(({ bodies }) => bodies)).toEqual([['1', '2', '3']]);
  });

  it('items that no publisher takes is done', async () => {
    const rig = new Rig({ handle: () => outgoing('x') });
    void rig.take(...messages('a'));
    await turns();
    expect(rig.lane.fates).toEqual(['a ack']);
  });
});

async function* numbers(upTo: number, then?: Error): AsyncGenerator<ResultItem> {
  for (let number = 1; number <= upTo; number++) yield outgoing(String(number));
  await turns(1);
  if (then !== undefined) throw then;
}

describe('a sequence', () => {
  it('is published as it comes, each item to every publisher', async () => {
    const second = open();
    async function* slow(): AsyncGenerator<ResultItem> {
      yield outgoing('1');
      await second.promise;
      yield outgoing('2');
    }
    const rig = new Rig({
      binding: { routes: [...routes, { broker: 'other', destination: 'r' }] },
      handle: () => slow(),
    });
    void rig.take(...messages('a'));
    await turns();
    expect([rig.drivers.out.written, rig.drivers.other.written, rig.lane.fates]).toEqual([['1'], ['1'], []]);
    second.resolve();
    await eventually(() => rig.lane.settled.length === 1);
    expect([rig.drivers.out.written, rig.drivers.other.written]).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
  });

  it('of thousands of items is published whole, in order, a dedupe id each, a bounded number open', async () => {
    const rig = new Rig({ binding: { routes }, handle: () => numbers(5_000) });
    let most = 0;
    rig.drivers.out.outcome = () => {
      most = Math.max(most, rig.outboxes.get('out')?.pending ?? 0);
      return confirmed;
    };
    void rig.take(...messages('a'));
    await eventually(() => rig.lane.settled.length === 1, 10_000);
    const sent = rig.drivers.out.writes.flatMap(({ batch }) => batch);
    expect(sent.map(({ body }) => Number(String(body)))).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 1));
    expect(new Set(sent.map(({ dedupeId }) => dedupeId)).size).toBe(5_000);
    expect(most).toBe(256);
  });

  it('is its handler’s part until its end: the next handler waits', async () => {
    const rig = new Rig({ handle: () => numbers(2) });
    void rig.take(...messages('a', 'b'));
    expect(rig.calls).toEqual(['a']);
    await turns(0);
    expect(rig.counts.running).toBe(1);
    await eventually(() => rig.lane.settled.length === 2);
    expect(rig.counts.running).toBe(0);
  });

  it('that fails after some items is a failure of its handler, called again when these are confirmed', async () => {
    const rig = new Rig({ binding: { routes }, handle: () => numbers(2, new Error('broken off')) });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect([rig.calls, rig.drivers.out.written]).toEqual([['a'], ['1', '2']]);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    rig.clock.advance(100);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a', 'a'], []]);
  });

  it('is left at the first publish that fails for good, and its handler is not called in place', async () => {
    let left = false;
    const more = open();
    async function* endless(): AsyncGenerator<ResultItem> {
      try {
        yield outgoing('1');
        await more.promise;
        for (;;) yield outgoing('more');
      } finally {
        left = true;
      }
    }
    const rig = new Rig({ binding: { routes }, lane: { redelivery: 'server' }, handle: () => endless() });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    more.resolve();
    await turns();
    expect([left, rig.drivers.out.written, rig.lane.fates, rig.calls]).toEqual([true, ['1'], ['a 1000'], ['a']]);
  });

  it('is left when its lane is lost', async () => {
    let left = false;
    async function* endless(): AsyncGenerator<ResultItem> {
      try {
        for (;;) {
          yield outgoing('x');
          await turns(1);
        }
      } finally {
        left = true;
      }
    }
    const rig = new Rig({ binding: { routes }, handle: () => endless() });
    void rig.take(...messages('a'));
    await turns();
    rig.lane.lose();
    await eventually(() => left);
    await rig.sink.drained();
    expect(rig.lane.fates).toEqual([]);
  });
});
