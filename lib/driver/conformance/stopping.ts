import assert from 'node:assert/strict';

import { isMultiBrokerError } from '../../errors/index.js';
import type { Lane, Sink } from '../driver.js';
import { keep, keyed, numbered } from './bench.js';
import { type DriverPromise, unless } from './promise.js';
import { within } from './waiting.js';

/** Promises about the phases in which an intake ends. */
export const stopping: readonly DriverPromise[] = [
  {
    id: 'I1',
    text: 'after stopFetching has resolved, nothing is handed over',
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const [stopped, going] = [await bench.read(driver, place.source()), await bench.read(driver, place.source())];
      await bench.publish(driver, place.destination, keyed('before'));
      await Promise.all([stopped.has('before'), going.has('before')]);
      await within(stopped.intake!.stopFetching(), 'stopFetching()', bench.patienceMs);
      await bench.publish(driver, place.destination, ...numbered(20).map(keyed));
      await going.has(...numbered(20));
      assert.deepEqual(stopped.texts, ['before']);
    },
  },
  {
    id: 'I2',
    text: 'messages that arrive after stopFetching go to the successor',
    unless: unless.durable,
    async prove(bench) {
      const { place, group, driver, probe: first } = await bench.member();
      await bench.publish(driver, place.destination, 'before');
      await first.has('before');
      await first.intake!.stopFetching();
      await bench.publish(driver, place.destination, ...numbered(20));
      await first.leave();
      const second = await bench.read(driver, place.source({ group }));
      await second.has(...numbered(20));
      assert.equal(second.count('before'), 0);
    },
  },
  {
    id: 'I3',
    text: 'settlements between stopFetching and close take effect',
    unless: unless.durable,
    async prove(bench) {
      const { place, group, driver, probe: first } = await bench.member(keep);
      await bench.publish(driver, place.destination, keyed('slow'));
      await first.has('slow');
      await first.intake!.stopFetching();
      first.settle('slow');
      await within(first.intake!.flush(), 'flush()', bench.patienceMs);
      await first.leave();
      const second = await bench.read(driver, place.source({ group }));
      await bench.publish(driver, place.destination, keyed('later'));
      await second.has('later');
      assert.deepEqual(second.texts, ['later']);
    },
  },
  {
    id: 'I4',
    text: 'closing a driver closes everything it reads: every lane is lost',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader(keep);
      await bench.publish(driver, place.destination, 'unsettled');
      await probe.has('unsettled');
      await within(driver.close(), 'close()', bench.patienceMs);
      for (const lane of probe.lanes) assert.ok(lane.lost.aborted, `${lane.name} is not lost`);
    },
  },
  {
    id: 'I5',
    text: 'when one reader leaves, another of the same driver continues',
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const [leaving, staying] = [await bench.read(driver, place.source()), await bench.read(driver, place.source())];
      await leaving.leave();
      await bench.publish(driver, place.destination, 'after');
      await staying.has('after');
      assert.equal(leaving.taken.length, 0);
      assert.ok(staying.lanes.some((lane) => !lane.lost.aborted));
    },
  },
  {
    id: 'I7',
    text: 'closing a driver during subscribe ends that too, and leaves nothing reading',
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const lanes: Lane[] = [];
      const sink: Sink = { opened: (lane) => void lanes.push(lane), take: () => {} };
      const subscribing = driver.subscribe([place.source()], sink, bench.signal).catch(() => undefined);
      await within(driver.close(), 'close()', bench.patienceMs);
      await within(subscribing, 'subscribe()', bench.patienceMs);
      for (const lane of lanes) assert.ok(lane.lost.aborted, `${lane.name} is not lost`);
    },
  },
  {
    id: 'I6',
    text: 'closing a driver during an outage settles every publish in flight with an error',
    unless: unless.unsteady,
    async prove(bench) {
      const { makeDriver, place, cut, mend } = await bench.target.makeUnsteady!();
      const driver = await bench.connect(await makeDriver());
      const probe = await bench.read(driver, place.source());
      await bench.publish(driver, place.destination, 'before');
      await probe.has('before');
      await cut();
      try {
        await bench.hasState('reconnecting');
        const answered = bench.tryPublish(driver, place.destination, 'one', 'two');
        await within(driver.close(), 'close()', bench.patienceMs);
        assert.deepEqual(
          (await answered).map((outcome) => 'error' in outcome && isMultiBrokerError(outcome.error)),
          [true, true],
        );
      } finally {
        await mend();
      }
    },
  },
];
