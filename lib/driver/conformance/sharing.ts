import assert from 'node:assert/strict';

import { keep, keyed, numbered, text } from './bench.js';
import { Load } from './load.js';
import type { Probe, ProbeBehaviour, Taken } from './probe.js';
import { type DriverPromise, unless } from './promise.js';

/** Promises about groups: a Kafka group, a queue group, a durable consumer. */
export const sharing: readonly DriverPromise[] = [
  {
    id: 'G1',
    text: 'each group gets every message',
    unless: unless.groups,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const readers = [];
      for (const group of ['one', 'two', 'three']) readers.push(await bench.read(driver, place.source({ group })));
      await bench.publish(driver, place.destination, ...numbered(60));
      for (const reader of readers) {
        await reader.has(...numbered(60));
        assert.equal(reader.taken.length, 60);
      }
    },
  },
  {
    id: 'G2',
    text: 'members of a group share the messages: each gets some, and each message goes to one member',
    unless: unless.groups,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = bench.newGroup();
      const one = await bench.read(await bench.open(), place.source({ group }));
      const two = await bench.read(await bench.open(), place.source({ group }));
      const driver = await bench.open();
      // In small batches: a system may give everything to the first member that asks.
      const sent = numbered(800);
      for (let from = 0; from < sent.length; from += 20) {
        await bench.publish(driver, place.destination, ...sent.slice(from, from + 20));
      }
      await bench.untilAll(sent, (body) => one.count(body) + two.count(body) > 0);
      assert.equal(one.taken.length + two.taken.length, 800);
      assert.ok(one.taken.length > 0 && two.taken.length > 0, `${one.taken.length} and ${two.taken.length}`);
    },
  },
  {
    id: 'G3',
    text: 'no message is lost when members join and leave',
    unless: (target) => unless.groups(target) ?? unless.durable(target),
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = bench.newGroup();
      const publisher = await bench.open();
      const staying = await bench.read(await bench.open(), place.source({ group }));
      const readers = [staying];
      for (let round = 0; round < 3; round++) {
        await bench.publish(publisher, place.destination, ...numbered(50, `${round}-`));
        const passing = await bench.read(await bench.open(), place.source({ group }));
        readers.push(passing);
        await bench.publish(publisher, place.destination, ...numbered(50, `${round}+`));
        await passing.leave();
      }
      const sent = [0, 1, 2].flatMap((round) => [...numbered(50, `${round}-`), ...numbered(50, `${round}+`)]);
      await bench.untilAll(sent, (body) => readers.some((reader) => reader.count(body) > 0));
    },
  },
  {
    id: 'G4',
    text: 'order by key is kept per lane while a member joins, and across lanes where each key has one lane at a time',
    unless: unless.groups,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const arrived: Taken[] = [];
      const note: ProbeBehaviour = { settle: (taken) => (arrived.push(taken), 'ack') };
      const first = await bench.read(await bench.open(), place.source({ group }), note);
      const load = new Load(bench, driver, place.destination, (number) => {
        return text(String(number), { key: `key-${number % 8}` });
      });
      try {
        await first.hasCount(10);
        const joined = await bench.read(await bench.open(), place.source({ group }), note);
        await joined.hasCount(10);
      } finally {
        await load.end();
      }
      await bench.untilAll(load.confirmed, (number) => arrived.some((taken) => taken.text === String(number)));
      for (const lane of new Set(arrived.map((taken) => taken.lane))) {
        inOrderByKey(arrived.filter((taken) => taken.lane === lane));
      }
      // A message settled while the member joined may be redelivered, so only first arrivals are compared.
      const isFirst = (taken: Taken, at: number): boolean =>
        arrived.findIndex(({ text }) => text === taken.text) === at;
      if (bench.target.features.redelivery === 'in-place') inOrderByKey(arrived.filter(isFirst));
    },
  },
  {
    id: 'G5',
    text: 'each group has its own position: a message settled by one is still delivered to another',
    unless: (target) => unless.groups(target) ?? unless.durable(target),
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const [ahead, behind] = [bench.newGroup(), bench.newGroup()];
      const [reading, waiting] = [
        await bench.read(driver, place.source({ group: ahead })),
        await bench.read(driver, place.source({ group: behind }), keep),
      ];
      await bench.publish(driver, place.destination, ...numbered(20).map(keyed));
      for (const reader of [reading, waiting]) {
        await reader.has(...numbered(20));
        await reader.leave();
      }
      await bench.publish(driver, place.destination, keyed('later'));
      const goingOn = await bench.read(driver, place.source({ group: ahead }));
      await (await bench.read(driver, place.source({ group: behind }))).has(...numbered(20), 'later');
      await goingOn.has('later');
      assert.deepEqual(goingOn.texts, ['later']);
    },
  },
  {
    id: 'G6',
    text: 'each group gets its own bytes: writing into them affects no other group',
    unless: unless.groups,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const read = (): Promise<Probe> => bench.read(driver, place.source({ group: bench.newGroup() }), keep);
      const [one, two] = [await read(), await read()];
      await bench.publish(driver, place.destination, 'as it was');
      await Promise.all([one.has('as it was'), two.has('as it was')]);
      one.find('as it was').message.body!.fill(0);
      assert.equal(Buffer.from(two.find('as it was').message.body!).toString(), 'as it was');
      if (bench.target.features.durable) await (await read()).has('as it was');
    },
  },
  {
    id: 'G7',
    text: 'a member gets no more than its demand: while that is 0, another member gets all',
    unless: unless.demand,
    async prove(bench) {
      const { place, driver, group, probe: one } = await bench.member();
      const [asked] = one.lanes;
      asked?.demand?.(0);
      await bench.publish(driver, place.destination, ...numbered(10));
      const two = await bench.read(await bench.open(), place.source({ group }));
      await two.has(...numbered(10));
      assert.deepEqual(one.texts, []);
      two.lanes[0]?.demand?.(0);
      asked?.demand?.(3);
      await bench.publish(driver, place.destination, ...numbered(10, 'more-'));
      await one.hasCount(3);
      two.lanes[0]?.demand?.(100);
      await bench.untilAll(numbered(10, 'more-'), (body) => one.count(body) + two.count(body) > 0);
      assert.equal(one.taken.length, 3);
    },
  },
];

/** Asserts, for each key, the order of publishing and that none arrives twice. */
function inOrderByKey(arrived: readonly Taken[]): void {
  const last = new Map<string | undefined, number>();
  for (const { text: body, message } of arrived) {
    const before = last.get(message.key) ?? -1;
    assert.ok(Number(body) > before, `${body} of ${message.key} arrived after ${before}`);
    last.set(message.key, Number(body));
  }
}
