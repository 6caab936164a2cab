import assert from 'node:assert/strict';

import { keep, keyed, numbered, text } from './bench.js';
import { Load } from './load.js';
import type { Probe, Taken } from './probe.js';
import { type DriverPromise, unless } from './promise.js';
import { within } from './waiting.js';

/** Promises that other projects' suites list and leave out: what holds when something goes wrong. */
export const surviving: readonly DriverPromise[] = [
  {
    id: 'F1',
    text: 'reconnect under load: after an outage publishing and reading go on, and nothing confirmed is lost',
    unless: unless.unsteady,
    async prove(bench) {
      const { makeDriver, place, cut, mend } = await bench.target.makeUnsteady!();
      const driver = await bench.connect(await makeDriver());
      const probe = await bench.read(driver, place.source());
      const load = new Load(bench, driver, place.destination, (number) => text(`load-${number}`));
      try {
        await probe.hasCount(20);
        await cut();
        await bench.hasState('reconnecting');
        // Some of the load falls into the outage.
        for (let turn = 0; turn < 20; turn++) await bench.breathe();
        await mend();
        await bench.hasState('up');
        await probe.hasCount(probe.taken.length + 20);
      } finally {
        await load.end();
      }
      // A system that keeps nothing owes a reader nothing of the time in which he was away.
      if (bench.target.features.durable) await probe.has(...load.confirmed.map((number) => `load-${number}`));
    },
  },
  {
    id: 'F2',
    text: 'redelivery after an error: what fails comes again until it is done, and the others go on',
    unless: ({ features }) => (features.again === 'never' ? 'nobody brings a failure back' : undefined),
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const sent = numbered(30);
      const failing = sent.filter((_, index) => index % 3 === 0);
      const { again } = bench.target.features;
      const probe = await bench.read(driver, place.source({ group }), {
        settle: ({ text: body, message }) => {
          if (!failing.includes(body ?? '') || message.deliveries > 2) return 'done';
          return again === 'server' ? { againInMs: 10 } : undefined;
        },
      });
      await bench.publish(driver, place.destination, ...sent.map(keyed));
      await probe.has(...sent);
      if (again === 'server') {
        for (let round = 0; round < 100 && failing.some((body) => probe.count(body) < 3); round++) {
          await bench.pass(50);
          await bench.breathe();
        }
        assert.deepEqual(
          sent.map((body) => probe.count(body)),
          sent.map((body) => (failing.includes(body) ? 3 : 1)),
        );
      } else {
        // Delivery holds it in place; should it not live to see it done, a successor gets it.
        await probe.leave();
        const successor = await bench.read(driver, place.source({ group }));
        await successor.has(...failing);
      }
    },
  },
  {
    id: 'F3',
    text: 'continue after a subscriber closes: over many closings every message is done by somebody',
    unless: unless.durable,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const done = new Set<string | null>();
      const half = ({ text: body }: Taken): 'done' | undefined => {
        if (Number(body?.slice(-1)) % 2 === 0) return undefined;
        done.add(body);
        return 'done';
      };
      const sent: string[] = [];
      for (let round = 0; round < 5; round++) {
        const reader = await bench.read(driver, place.source({ group }), { settle: half });
        const batch = numbered(20, `${round}-`);
        sent.push(...batch);
        await bench.publish(driver, place.destination, ...batch);
        await reader.has(batch[0]!);
        await reader.leave();
      }
      const last = await bench.read(driver, place.source({ group }));
      await bench.untilAll(sent, (body) => done.has(body) || last.count(body) > 0);
    },
  },
  {
    id: 'F4',
    text: 'at least once: when the driver of a reader ends, another of its group gets all that it left unsettled',
    unless: (target) => unless.groups(target) ?? unless.durable(target),
    async prove(bench) {
      const place = await bench.target.makePlace();
      const group = bench.newGroup();
      const [ending, publisher] = [await bench.open(), await bench.open()];
      const first = await bench.read(ending, place.source({ group }), keep);
      const sent = numbered(40);
      await bench.publish(publisher, place.destination, ...sent);
      await first.has(...sent);
      const other = await bench.read(await bench.open(), place.source({ group }));
      // Neither quiet nor flush: it settles nothing, and says no more than its connection does.
      await within(ending.close(), 'close()', bench.patienceMs);
      await other.has(...sent);
    },
  },
  {
    id: 'F5',
    text: 'a settlement that comes when its lane is lost changes nothing: the message comes again to a successor',
    unless: unless.durable,
    async prove(bench) {
      const { place, group, driver, probe: first } = await bench.member(keep);
      await bench.publish(driver, place.destination, 'late');
      await first.has('late');
      await first.leave();
      first.settle('late');
      const second: Probe = await bench.read(driver, place.source({ group }));
      await second.has('late');
    },
  },
];
