import assert from 'node:assert/strict';

import { type Bench, keep, keyed, numbered, type Writer } from './bench.js';
import type { Probe, Taken } from './probe.js';
import { type DriverPromise, unless } from './promise.js';
import { until } from './waiting.js';

/** Promises about settlements and what comes again. */
export const settling: readonly DriverPromise[] = [
  {
    id: 'T1',
    text: 'what is settled, whether done or dropped, does not come again to a successor',
    unless: unless.durable,
    async prove(bench) {
      const {
        place,
        group,
        driver,
        probe: first,
      } = await bench.member({
        settle: ({ text: body }) => (body === 'm1' ? 'drop' : 'done'),
      });
      await bench.publish(driver, place.destination, ...numbered(3).map(keyed));
      await first.has(...numbered(3));
      await first.leave();
      await driver.close();
      const again = await bench.open();
      const second = await bench.read(again, place.source({ group }));
      await bench.publish(again, place.destination, keyed('later'));
      await second.has('later');
      assert.deepEqual(second.texts, ['later']);
    },
  },
  {
    id: 'T2',
    text: 'what is unsettled when its reader closes comes again at once to a successor, at the same position',
    unless: unless.durable,
    async prove(bench) {
      const { place, group, driver, probe: first } = await bench.member(keep);
      await bench.publish(driver, place.destination, ...numbered(3).map(keyed));
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
      const { place, group, driver, probe: first } = await bench.member(keep);
      const sent = numbered(40);
      await bench.publish(driver, place.destination, ...sent.map(keyed));
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
      const { place, driver, probe } = await bench.reader({
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
      const { place, driver, held, other } = await heldByQuiet(bench, 'long work');
      const { lane, message } = held;
      assert.equal(lane.leaseMs, leaseMs);
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
      const { other } = await heldByQuiet(bench, 'stuck');
      await bench.pass(leaseMs);
      await other.has('stuck');
      assert.equal(other.find('stuck').message.deliveries, 2);
    },
  },
  {
    id: 'T9',
    text: 'what its handler left unsettled comes again after its lease, and only that delivery settles it then',
    unless: unless.comesAgain,
    async prove(bench) {
      const { place, driver, probe } = await bench.reader(keep, { leaseMs });
      await bench.publish(driver, place.destination, 'left');
      await probe.has('left');
      const first = probe.find('left');
      first.lane.leftUnsettled?.(first.message);
      await bench.pass(leaseMs);
      await probe.hasCount(2);
      const second = probe.taken[1]!;
      assert.equal(second.message.position, first.message.position);
      assert.equal(second.message.deliveries, 2);
      first.lane.settle(first.message, 'done');
      second.lane.settle(second.message, { againInMs: 0 });
      await probe.hasCount(3);
      second.lane.settle(probe.taken[2]!.message, 'done');
    },
  },
  {
    id: 'T8',
    text: 'what a member held when it left comes to another in order, and what was published since behind it',
    unless: (target) => unless.groups(target) ?? unless.heldInOrder(target),
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const join = async (): Promise<Probe> => bench.read(await bench.open(), place.source({ group }), keep);
      const members = [await join(), await join()];
      const sent = numbered(60);
      await bench.publish(driver, place.destination, ...sent.map(keyed));
      const holder = (): Probe | undefined => members.find(({ taken }) => taken.length === sent.length);
      await until(
        () => holder() !== undefined,
        () => `${members.map(({ taken }) => taken.length).join(' and ')} of 60 came`,
        bench.patienceMs,
      );
      const leaving = holder()!;
      const staying = members.find((member) => member !== leaving)!;
      // One of them behind an unsettled one: that may come again.
      for (const body of [...sent.slice(0, 10), 'm20']) leaving.settle(body);
      await leaving.leave();
      await bench.publish(driver, place.destination, ...numbered(10, 'since-').map(keyed));
      const due = [...sent.slice(10), ...numbered(10, 'since-')].filter((body) => body !== 'm20');
      await staying.has(...due);
      assert.deepEqual(
        staying.texts.filter((body) => body !== 'm20'),
        due,
      );
    },
  },
  {
    id: 'T6',
    text: 'settling twice, or what another lane handed over, or on a lost lane, does nothing and never throws',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader(keep);
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

const leaseMs = 1_500;

/**
 * A message under a lease that a quiet member holds, and another member that reads on. A driver may keep a copy from
 * its own lane; from a member that still reads only the lease does.
 */
async function heldByQuiet(
  bench: Bench,
  body: string,
): Promise<Writer & { readonly held: Taken; readonly other: Probe }> {
  const { place, group, driver, probe } = await bench.member(keep, { leaseMs });
  await bench.publish(driver, place.destination, body);
  await probe.has(body);
  await probe.intake!.quiet();
  const other = await bench.read(driver, place.source({ leaseMs, group }));
  return { place, driver, held: probe.find(body), other };
}
