import assert from 'node:assert/strict';

import { keep, keyed, numbered, text } from './bench.js';
import { Load } from './load.js';
import type { Probe, Taken } from './probe.js';
import { type DriverPromise, unless } from './promise.js';
import { within } from './waiting.js';

/** Promises about failures and outages. */
export const surviving: readonly DriverPromise[] = [
  {
    id: 'F1',
    text: 'reconnect under load: after an outage publishing and reading continue, and no confirmed message is lost',
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
        // Part of the load has to fall into the outage.
        for (let turn = 0; turn < 20; turn++) await bench.breathe();
        await mend();
        await bench.hasState('up');
        await probe.hasCount(probe.taken.length + 20);
      } finally {
        await load.end();
      }
      // A system that keeps no messages does not deliver those of the outage.
      if (bench.target.features.durable) await probe.has(...load.confirmed.map((number) => `load-${number}`));
    },
  },
  {
    id: 'F2',
    text: 'redelivery after an error: a failed message is redelivered until it is acked, and others continue',
    unless: ({ features }) => (features.redelivery === 'none' ? 'the system does not redeliver' : undefined),
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const sent = numbered(30);
      const failing = sent.filter((_, index) => index % 3 === 0);
      const { redelivery: again } = bench.target.features;
      const probe = await bench.read(driver, place.source({ group }), {
        settle: ({ text: body, message }) => {
          if (!failing.includes(body ?? '') || message.deliveryCount > 2) return 'ack';
          return again === 'server' ? { redeliverInMs: 10 } : undefined;
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
        // Delivery holds it in place; if the process ends first, a successor gets it.
        await probe.leave();
        const successor = await bench.read(driver, place.source({ group }));
        await successor.has(...failing);
      }
    },
  },
  {
    id: 'F3',
    text: 'continue after a subscriber closes: across many closings every message is handled',
    unless: unless.durable,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const done = new Set<string | null>();
      const half = ({ text: body }: Taken): 'ack' | undefined => {
        if (Number(body?.slice(-1)) % 2 === 0) return undefined;
        done.add(body);
        return 'ack';
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
    text: 'at least once: when a driver is closed, another member of the group gets all its unsettled messages',
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
      // Without stopFetching and flush: the driver settles nothing, and only its connection closes.
      await within(ending.close(), 'close()', bench.patienceMs);
      await other.has(...sent);
    },
  },
  {
    id: 'F5',
    text: 'a settlement on a lost lane has no effect: the message is redelivered to a successor',
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
