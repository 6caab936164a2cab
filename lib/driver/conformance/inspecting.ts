import assert from 'node:assert/strict';

import type { BrokerUse, Finding } from '../needs.js';
import type { Driver } from '../driver.js';
import { type Bench, codeOf, keep, keyed, numbered } from './bench.js';
import { type DriverPromise, unless } from './promise.js';
import type { Place } from './target.js';
import { rejects, within } from './waiting.js';

/** Promises about `inspect`, by which an application is compared with a server before it starts. */
export const inspecting: readonly DriverPromise[] = [
  {
    id: 'N1',
    text: 'inspect finds no fault with what is there',
    unless: unless.inspect,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const probe = await bench.read(driver, place.source({ group }));
      await bench.publish(driver, place.destination, 'there');
      await probe.has('there');
      assert.deepEqual(faultsOf(await inspect(bench, place, group)), []);
    },
  },
  {
    id: 'N2',
    text: 'inspect tells what is missing, source and destination, and does not create it',
    unless: (target) => unless.inspect(target) ?? unless.missing(target),
    async prove(bench) {
      const place = await bench.target.makeMissingPlace!();
      const group = bench.newGroup();
      const [first, read, written] = [
        await inspect(bench, place, group),
        await inspected(bench, { ...NOTHING, sources: [place.source({ group })] }),
        await inspected(bench, { ...NOTHING, destinations: [place.destination] }),
      ];
      for (const found of [first, read, written]) {
        assert.ok(
          found.some(({ problem }) => problem === 'missing'),
          `nothing is missing: ${JSON.stringify(found)}`,
        );
      }
      // What had been created would not be missing now.
      assert.deepEqual(await inspect(bench, place, group), first);
    },
  },
  {
    id: 'N3',
    text: 'inspect takes no message, and disturbs no member of a group',
    unless: (target) => unless.inspect(target) ?? unless.durable(target),
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const probe = await bench.read(driver, place.source({ group }), keep);
      await bench.publish(driver, place.destination, ...numbered(3).map(keyed));
      await probe.has(...numbered(3));
      await inspect(bench, place, group);
      assert.ok(probe.lanes.every(({ lost }) => !lost.aborted));
      for (const body of numbered(3)) probe.settle(body);
      await bench.publish(driver, place.destination, keyed('after'));
      await probe.has('after');
      assert.deepEqual(
        numbered(3).map((body) => probe.count(body)),
        [1, 1, 1],
      );
    },
  },
  {
    id: 'N4',
    text: 'inspect rejects with an error of the catalogue when the server is not there',
    unless: (target) => unless.inspect(target) ?? unless.dead(target),
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await bench.target.makeDeadDriver!();
      await codeOf(within(ask(bench, driver, useOf(place)), 'inspect()', bench.patienceMs * 2));
      await within(driver.close(), 'close()', bench.patienceMs);
    },
  },
  {
    id: 'N5',
    text: 'inspect rejects promptly when its signal aborts',
    unless: unless.inspect,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const driver = await (bench.target.makeDeadDriver?.() ?? bench.target.makeDriver());
      const aborted = AbortSignal.abort(new Error('given up'));
      await rejects(ask(bench, driver, useOf(place), aborted), 'inspect()', 2_000);
      await within(driver.close(), 'close()', bench.patienceMs);
    },
  },
  {
    id: 'N6',
    text: 'needs lists whatever inspect may find missing, by the same name, and asks no server',
    unless: (target) => unless.inspect(target) ?? unless.missing(target) ?? unless.needs(target),
    async prove(bench) {
      const place = await bench.target.makeMissingPlace!();
      const group = bench.newGroup();
      const listed = bench.target.needs!(useOf(place, group)).map(({ what, name }) => `${what} ${name}`);
      const found = await inspect(bench, place, group);
      const missing = found.filter(({ problem }) => problem === 'missing').map(({ what, name }) => `${what} ${name}`);
      assert.ok(missing.length > 0);
      assert.deepEqual(
        missing.filter((one) => !listed.includes(one)),
        [],
      );
    },
  },
];

const NOTHING: BrokerUse = { sources: [], destinations: [], answered: [] };

const useOf = (place: Place, group?: string): BrokerUse => {
  return {
    ...NOTHING,
    sources: [place.source(group === undefined ? {} : { group })],
    destinations: [place.destination],
  };
};

const inspect = (bench: Bench, place: Place, group: string): Promise<readonly Finding[]> =>
  inspected(bench, useOf(place, group));

/** By a driver of its own, which is closed then. */
async function inspected(bench: Bench, use: BrokerUse): Promise<readonly Finding[]> {
  const driver = await bench.target.makeDriver();
  try {
    return await within(ask(bench, driver, use), 'inspect()', bench.patienceMs);
  } finally {
    await within(driver.close(), 'close()', bench.patienceMs);
  }
}

/** Async, so that what a driver throws at once is a rejection. */
async function ask(
  bench: Bench,
  driver: Driver,
  use: BrokerUse,
  signal: AbortSignal = bench.signal,
): Promise<readonly Finding[]> {
  assert.ok(driver.inspect, 'the driver has no inspect()');
  return driver.inspect(bench.context(), use, signal);
}

/** Without what the server does not tell. */
const faultsOf = (found: readonly Finding[]): readonly Finding[] =>
  found.filter(({ problem }) => problem !== 'unknown');
