import assert from 'node:assert/strict';

import { numbered } from './bench.js';
import { type DriverPromise, unless } from './promise.js';
import { until } from './waiting.js';

/** Promises about groups: a Kafka group, a queue group, a durable consumer. */
export const sharing: readonly DriverPromise[] = [
  {
    id: 'G1',
    text: 'each group gets every message',
    unless: unless.groups,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await bench.open();
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
    text: 'members of one group share the messages: each gets some, and each message goes to one of them',
    unless: unless.groups,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = `g-${bench.target.clock.now()}`;
      const one = await bench.read(await bench.open(), place.source({ group }));
      const two = await bench.read(await bench.open(), place.source({ group }));
      const driver = await bench.open();
      // Not all at once: a system may hand a whole request to whoever asks first.
      const sent = numbered(800);
      for (let from = 0; from < sent.length; from += 20) {
        await bench.publish(driver, place.destination, ...sent.slice(from, from + 20));
      }
      const all = (): (string | null)[] => [...one.texts, ...two.texts];
      await until(
        () => new Set(all()).size >= 800,
        () => `${new Set(all()).size} of 800 came`,
        bench.patienceMs,
      );
      assert.equal(all().length, 800);
      assert.ok(one.taken.length > 0 && two.taken.length > 0, `${one.taken.length} and ${two.taken.length}`);
    },
  },
  {
    id: 'G3',
    text: 'nothing is lost when members come and go',
    unless: (target) => unless.groups(target) ?? unless.durable(target),
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = `g-${bench.target.clock.now()}`;
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
      const missing = (): string[] => sent.filter((body) => !readers.some((reader) => reader.count(body) > 0));
      await until(
        () => missing().length === 0,
        () => `${missing().length} of 300 were lost`,
        bench.patienceMs,
      );
    },
  },
];
