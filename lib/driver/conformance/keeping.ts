import assert from 'node:assert/strict';

import type { Driver } from '../driver.js';
import type { RawHeader } from '../message.js';
import { type Bench, keep, keyed, numbered, text } from './bench.js';
import { contentOf, inOrder, KeptPlace, textOf } from './kept-reading.js';
import type { Probe } from './probe.js';
import { type DriverPromise, unless } from './promise.js';
import type { Place } from './target.js';
import { rejects, within } from './waiting.js';

/** How long a reader waits for a server that is away, in milliseconds. */
const LONGEST_MS = 2_000;

/** Promises about `kept`, by which dead letters are looked at and redriven. */
export const keeping: readonly DriverPromise[] = [
  {
    id: 'K1',
    text: 'kept reads what was there when it began: all of it once, in the order of each key, and nothing later',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 0);
      await at.publish(
        ...numbered(60).map((body, index) => text(body, index % 4 === 3 ? {} : { key: `key-${index % 4}` })),
      );
      for (const access of ['look', 'take'] as const) {
        const reading = await at.read(access, { group: bench.newGroup() });
        await at.publish(...numbered(5, `${access}-`).map(keyed));
        const came = await reading.rest();
        const due = [...numbered(60), ...(access === 'take' ? numbered(5, 'look-') : [])];
        assert.deepEqual(came.map(textOf).sort(), due.sort(), access);
        for (const key of ['key-0', 'key-1', 'key-2']) inOrder(came.filter((message) => message.key === key));
        assert.equal(await reading.next(), undefined, 'it stays at its end');
        await reading.close();
      }
    },
  },
  {
    id: 'K2',
    text: 'a message that is done is not read again by the next reader of its group, and every other one is, in order',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 40);
      const first = await at.take();
      await first.rest((body) => Number(body.slice(1)) % 3 !== 0);
      await first.close();
      // In a process of its own.
      const second = await at.take({ driver: await bench.open() });
      assert.deepEqual(
        await second.texts(() => true),
        numbered(40).filter((_, index) => index % 3 === 0),
      );
      await second.close();
      assert.deepEqual(await (await at.take()).rest(), []);
    },
  },
  {
    id: 'K3',
    text: 'a reader that is closed in the middle leaves to the next one what it had in hand and all behind it',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 20);
      const first = await at.take();
      const inHand = await first.some(6);
      for (const message of inHand.slice(0, 4)) await first.done(message);
      await first.close();
      assert.deepEqual(await (await at.take()).texts(), numbered(20).slice(4));
    },
  },
  {
    id: 'K4',
    text: 'a look takes nothing, whatever is called done, and fixes no position: its group begins as a new one',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 10);
      const late = bench.newGroup();
      for (const group of [at.group, late, at.group]) {
        const look = await at.look({ group });
        assert.deepEqual(await look.texts(() => true), numbered(10));
        await look.close();
      }
      assert.deepEqual(await (await at.take()).texts(), numbered(10));
      const reader = await bench.read(at.driver, at.place.source({ group: late, fromEnd: true }));
      await at.publish(keyed('later'));
      await reader.has('later');
      assert.deepEqual(reader.texts, ['later']);
    },
  },
  {
    id: 'K5',
    text: 'a look begins where its group stands: behind all that is done without a gap',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 10);
      const taken = await at.take();
      for (const message of await taken.some(4)) await taken.done(message);
      await taken.close();
      assert.deepEqual(await (await at.look()).texts(), numbered(10).slice(4));
    },
  },
  {
    id: 'K6',
    text: 'what is kept is read as a subscription gets it: bytes of body, key and headers, address, time and position',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver, probe } = await bench.reader(keep);
      const at = new KeptPlace(bench, place, driver);
      const rawHeaders: RawHeader[] = [
        ['a b', Buffer.from('1')],
        ['twice', Buffer.from([0xff])],
        ['twice', Buffer.from('1')],
      ];
      const bodies = [Buffer.from([0xff, 0x00, 0xfe]), null, Buffer.alloc(0), Buffer.from('text')];
      const keys = [Buffer.from([0xff, 0x01]), 'schlüssel', undefined, 'k'];
      const headers = { city: 'Zürich' };
      for (const [index, body] of bodies.entries()) await at.publish({ body, key: keys[index], headers, rawHeaders });
      await probe.hasCount(bodies.length);
      const delivered = probe.taken.map(({ message }) => contentOf(message)).sort();
      for (const access of ['look', 'take'] as const) {
        const came = await (await at.read(access, { group: bench.newGroup() })).rest();
        assert.deepEqual(came.map(contentOf).sort(), delivered, access);
      }
    },
  },
  {
    id: 'K7',
    text: 'reading what is kept disturbs no subscription: neither one of another group, nor, by a look, its own',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 10);
      const { place, driver, group } = at;
      const probe = await bench.read(driver, place.source({ group }), keep);
      await probe.has(...numbered(10));
      const other = await bench.open();
      const taken = await at.take({ driver: other, group: bench.newGroup() });
      await taken.rest(() => true);
      const look = await at.look({ driver: other });
      assert.deepEqual(await look.texts(), numbered(10));
      await bench.publish(other, place.destination, keyed('meanwhile'));
      await probe.has('meanwhile');
      for (const reading of [taken, look]) await reading.close();
      assert.equal(probe.taken.length, 11, 'nothing came twice');
      for (const lane of probe.lanes) assert.ok(!lane.lost.aborted, `${lane.name} is lost`);
      await settlesAll(bench, driver, place, group, probe);
    },
  },
  {
    id: 'K8',
    text: 'opening and next reject when their signal aborts, and what was not handed over is still there',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 5);
      const source = at.place.source({ group: at.group });
      const given = AbortSignal.abort(new Error('given up'));
      await rejects(at.driver.kept!(source, 'take', given), 'kept()', bench.patienceMs);
      const reading = await at.take();
      await reading.next();
      await rejects(reading.kept.next(given), 'next()', bench.patienceMs);
      // One that has asked already may be answered.
      const stop = new AbortController();
      const asked = reading.kept.next(stop.signal);
      stop.abort(given.reason);
      await within(Promise.allSettled([asked]), 'next()', bench.patienceMs);
      await reading.close();
      assert.deepEqual(await (await at.take()).texts(), numbered(5));
    },
  },
  {
    id: 'K9',
    text: 'closing a driver ends what it reads by kept: next rejects, and the next reader gets what was not done',
    unless: unless.kept,
    async prove(bench) {
      const at = await KeptPlace.stored(bench, 10);
      const driver = await bench.open();
      const reading = await at.take({ driver });
      await reading.next();
      await within(driver.close(), 'close()', bench.patienceMs);
      await rejects(reading.kept.next(bench.signal), 'next()', bench.patienceMs);
      await reading.close();
      assert.deepEqual(await (await at.take({ driver: await bench.open() })).texts(), numbered(10));
    },
  },
  {
    id: 'K10',
    text: 'a reading ends during an outage, at the latest when its signal aborts; after it the next one goes on',
    unless: (target) => unless.kept(target) ?? unless.unsteady(target),
    async prove(bench) {
      const { makeDriver, place, cut, mend } = await bench.target.makeUnsteady!();
      const at = new KeptPlace(bench, place, await bench.connect(await makeDriver()));
      await (await bench.read(at.driver, place.source())).leave();
      await at.publish(...numbered(10).map(keyed));
      const reading = await at.take();
      for (const message of await reading.some(3)) await reading.done(message);
      await cut();
      await bench.hasState('reconnecting');
      // What was fetched before may still come, to the end.
      const signal = AbortSignal.timeout(LONGEST_MS);
      const end = async (): Promise<void> => ((await reading.kept.next(signal)) === undefined ? undefined : end());
      await within(Promise.allSettled([end()]), 'the reading', LONGEST_MS + bench.patienceMs);
      await reading.close();
      await mend();
      await bench.hasState('up');
      // A commit may have been under way when the connection was cut: what it said is done once more.
      assert.deepEqual((await (await at.take()).texts()).slice(-7), numbered(10).slice(3));
    },
  },
];

/** What a subscription settles counts, although others have read beside it. */
async function settlesAll(bench: Bench, driver: Driver, place: Place, group: string, probe: Probe): Promise<void> {
  for (const { text: body } of probe.taken) probe.settle(body ?? '');
  await probe.leave();
  const again = await bench.read(driver, place.source({ group }));
  await bench.publish(driver, place.destination, keyed('last'));
  await again.has('last');
  assert.deepEqual(again.texts, ['last']);
}
