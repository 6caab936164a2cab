import assert from 'node:assert/strict';

import { keep, numbered, text } from './bench.js';
import { type DriverPromise, unless } from './promise.js';

/** Promises about settlements and what comes again. */
export const settling: readonly DriverPromise[] = [
  {
    id: 'T1',
    text: 'what is settled, whether done or dropped, does not come again to a successor',
    unless: unless.durable,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = `g-${bench.target.clock.now()}`;
      const driver = await bench.open();
      const first = await bench.read(driver, place.source({ group }), {
        settle: ({ text: body }) => (body === 'm1' ? 'drop' : 'done'),
      });
      await bench.publish(driver, place.destination, ...numbered(3).map((body) => text(body, { key: 'k' })));
      await first.has(...numbered(3));
      await first.leave();
      await driver.close();
      const again = await bench.open();
      const second = await bench.read(again, place.source({ group }));
      await bench.publish(again, place.destination, text('later', { key: 'k' }));
      await second.has('later');
      assert.deepEqual(second.texts, ['later']);
    },
  },
  {
    id: 'T2',
    text: 'what is unsettled when its reader closes comes again at once to a successor, at the same position',
    unless: unless.durable,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = `g-${bench.target.clock.now()}`;
      const driver = await bench.open();
      const first = await bench.read(driver, place.source({ group }), keep);
      await bench.publish(driver, place.destination, ...numbered(3).map((body) => text(body, { key: 'k' })));
      await first.has(...numbered(3));
      first.settle('m0');
      await first.leave();
      const second = await bench.read(driver, place.source({ group }));
      await second.has('m1', 'm2');
      assert.equal(second.count('m0'), 0);
      for (const body of ['m1', 'm2']) {
        assert.equal(second.find(body).message.position, first.find(body).message.position);
        if (bench.target.features.again === 'server') assert.ok(second.find(body).message.deliveries > 1);
      }
    },
  },
  {
    id: 'T3',
    text: 'settled out of order, nothing unsettled is lost',
    unless: unless.durable,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = `g-${bench.target.clock.now()}`;
      const driver = await bench.open();
      const first = await bench.read(driver, place.source({ group }), keep);
      const sent = numbered(40);
      await bench.publish(driver, place.destination, ...sent.map((body) => text(body, { key: 'k' })));
      await first.has(...sent);
      const settled = [...sent].reverse().filter((_, i) => i % 3 !== 0);
      for (const body of settled) first.settle(body);
      await first.leave();
      const second = await bench.read(driver, place.source({ group }));
      await second.has(...sent.filter((body) => !settled.includes(body)));
    },
  },
  {
    id: 'T4',
    text: 'what is to come again comes after its delay and not before, and those behind it go on',
    unless: unless.comesAgain,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await bench.open();
      const probe = await bench.read(driver, place.source(), {
        settle: ({ text: body, message }) =>
          body === 'later' && message.deliveries === 1 ? { againInMs: 1_500 } : 'done',
      });
      const begun = bench.target.clock.now();
      await bench.publish(driver, place.destination, 'later', 'behind');
      await probe.has('later', 'behind');
      await bench.pass(1_000);
      await bench.publish(driver, place.destination, 'before the delay is over');
      await probe.has('before the delay is over');
      assert.equal(probe.count('later'), 1);
      await bench.pass(500);
      await probe.hasCount(4);
      assert.equal(probe.count('later'), 2);
      assert.ok(bench.target.clock.now() - begun >= 1_500);
      const [first, second] = probe.taken.filter((taken) => taken.text === 'later').map(({ message }) => message);
      assert.equal(second?.position, first?.position);
      assert.equal(second?.deliveries, 2);
    },
  },
  {
    id: 'T5',
    text: 'a message whose lease is extended goes to nobody else, also after quiet',
    unless: unless.comesAgain,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await bench.open();
      const [leaseMs, group] = [1_500, `g-${bench.target.clock.now()}`];
      const probe = await bench.read(driver, place.source({ leaseMs, group }), keep);
      await bench.publish(driver, place.destination, 'long work');
      await probe.has('long work');
      const { lane, message } = probe.find('long work');
      assert.equal(lane.leaseMs, leaseMs);
      // A driver may keep a copy from its own lane; from a member that still reads only the lease does.
      await probe.intake!.quiet();
      const other = await bench.read(driver, place.source({ leaseMs, group }));
      for (let third = 0; third < 6; third++) {
        await bench.pass(leaseMs / 3);
        lane.extend?.(message);
      }
      await bench.publish(driver, place.destination, 'behind');
      await other.has('behind');
      assert.deepEqual(other.texts, ['behind']);
      lane.settle(message, 'done');
    },
  },
  {
    id: 'T7',
    text: 'a message whose lease is not extended goes to another member',
    unless: unless.comesAgain,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await bench.open();
      const [leaseMs, group] = [1_500, `g-${bench.target.clock.now()}`];
      const probe = await bench.read(driver, place.source({ leaseMs, group }), keep);
      await bench.publish(driver, place.destination, 'stuck');
      await probe.has('stuck');
      await probe.intake!.quiet();
      const other = await bench.read(driver, place.source({ leaseMs, group }));
      await bench.pass(leaseMs);
      await other.has('stuck');
      assert.equal(other.find('stuck').message.deliveries, 2);
    },
  },
  {
    id: 'T6',
    text: 'settling twice, or what another lane handed over, or on a lost lane, does nothing and never throws',
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await bench.open();
      const probe = await bench.read(driver, place.source(), keep);
      await bench.publish(driver, place.destination, 'one', 'two');
      await probe.has('one', 'two');
      const { lane, message } = probe.find('one');
      lane.settle(message, 'done');
      lane.settle(message, 'done');
      await probe.leave();
      assert.ok(lane.lost.aborted, 'a closed lane is lost');
      const { lane: other, message: unsettled } = probe.find('two');
      other.extend?.(unsettled);
      other.settle(unsettled, 'done');
    },
  },
];
