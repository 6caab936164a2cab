import assert from 'node:assert/strict';

import type { Driver } from '../driver.js';
import type { RawHeader } from '../message.js';
import { type Bench, keep, keyed, numbered, text } from './bench.js';
import { close, contentOf, inOrder, next, open, rest, some, stored, textOf } from './kept-reading.js';
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
      const { place, driver } = await stored(bench, 0);
      const sent = numbered(60).map((body, index) => text(body, index % 4 === 3 ? {} : { key: `key-${index % 4}` }));
      await bench.publish(driver, place.destination, ...sent);
      for (const access of ['look', 'take'] as const) {
        const kept = await open(bench, driver, place, access);
        await bench.publish(driver, place.destination, ...numbered(5, `${access}-`).map(keyed));
        const came = await rest(bench, kept);
        const due = [...numbered(60), ...(access === 'take' ? numbered(5, 'look-') : [])];
        assert.deepEqual(came.map(textOf).sort(), due.sort(), access);
        for (const key of ['key-0', 'key-1', 'key-2']) inOrder(came.filter((message) => message.key === key));
        assert.equal(await next(bench, kept), undefined, 'it stays at its end');
        await close(bench, kept);
      }
    },
  },
  {
    id: 'K2',
    text: 'a message that is done is not read again by the next reader of its group, and every other one is, in order',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver } = await stored(bench, 40);
      const group = bench.newGroup();
      const first = await open(bench, driver, place, 'take', { group });
      await rest(bench, first, (body) => Number(body.slice(1)) % 3 !== 0);
      await close(bench, first);
      // In a process of its own.
      const second = await open(bench, await bench.open(), place, 'take', { group });
      const left = await rest(bench, second, () => true);
      assert.deepEqual(
        left.map(textOf),
        numbered(40).filter((_, index) => index % 3 === 0),
      );
      await close(bench, second);
      assert.deepEqual(await rest(bench, await open(bench, driver, place, 'take', { group })), []);
    },
  },
  {
    id: 'K3',
    text: 'a reader that is closed in the middle leaves to the next one what it had in hand and all behind it',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver } = await stored(bench, 20);
      const group = bench.newGroup();
      const first = await open(bench, driver, place, 'take', { group });
      const inHand = await some(bench, first, 6);
      for (const message of inHand.slice(0, 4)) await first.done(message);
      await close(bench, first);
      const second = await open(bench, driver, place, 'take', { group });
      assert.deepEqual((await rest(bench, second)).map(textOf), numbered(20).slice(4));
    },
  },
  {
    id: 'K4',
    text: 'a look takes nothing, whatever is called done, and fixes no position: its group begins as a new one',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver } = await stored(bench, 10);
      const [group, late] = [bench.newGroup(), bench.newGroup()];
      for (const options of [{ group }, { group: late }, { group }]) {
        const look = await open(bench, driver, place, 'look', options);
        assert.deepEqual((await rest(bench, look, () => true)).map(textOf), numbered(10));
        await close(bench, look);
      }
      const taken = await rest(bench, await open(bench, driver, place, 'take', { group }));
      assert.deepEqual(taken.map(textOf), numbered(10));
      const reader = await bench.read(driver, place.source({ group: late, fromEnd: true }));
      await bench.publish(driver, place.destination, keyed('later'));
      await reader.has('later');
      assert.deepEqual(reader.texts, ['later']);
    },
  },
  {
    id: 'K5',
    text: 'a look begins where its group stands: behind all that is done without a gap',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver } = await stored(bench, 10);
      const group = bench.newGroup();
      const taken = await open(bench, driver, place, 'take', { group });
      for (const message of await some(bench, taken, 4)) await taken.done(message);
      await close(bench, taken);
      const look = await open(bench, driver, place, 'look', { group });
      assert.deepEqual((await rest(bench, look)).map(textOf), numbered(10).slice(4));
    },
  },
  {
    id: 'K6',
    text: 'what is kept is read as a subscription gets it: bytes of body, key and headers, address, time and position',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver, probe } = await bench.reader(keep);
      const rawHeaders: RawHeader[] = [
        ['a b', Buffer.from('1')],
        ['twice', Buffer.from([0xff])],
        ['twice', Buffer.from('1')],
      ];
      const bodies = [Buffer.from([0xff, 0x00, 0xfe]), null, Buffer.alloc(0), Buffer.from('text')];
      const keys = [Buffer.from([0xff, 0x01]), 'schlüssel', undefined, 'k'];
      for (const [index, body] of bodies.entries())
        await bench.publish(driver, place.destination, {
          body,
          key: keys[index],
          headers: { city: 'Zürich' },
          rawHeaders,
        });
      await probe.hasCount(bodies.length);
      const delivered = probe.taken.map(({ message }) => message);
      for (const access of ['look', 'take'] as const) {
        const came = await rest(bench, await open(bench, driver, place, access));
        assert.deepEqual(came.map(contentOf).sort(), delivered.map(contentOf).sort(), access);
      }
    },
  },
  {
    id: 'K7',
    text: 'reading what is kept disturbs no subscription: neither one of another group, nor, by a look, its own',
    unless: unless.kept,
    async prove(bench) {
      const { place, driver } = await stored(bench, 10);
      const group = bench.newGroup();
      const probe = await bench.read(driver, place.source({ group }), keep);
      await probe.has(...numbered(10));
      const other = await bench.open();
      const taken = await open(bench, other, place, 'take');
      await rest(bench, taken, () => true);
      const look = await open(bench, other, place, 'look', { group });
      assert.deepEqual((await rest(bench, look)).map(textOf), numbered(10));
      await bench.publish(other, place.destination, keyed('meanwhile'));
      await probe.has('meanwhile');
      for (const kept of [taken, look]) await close(bench, kept);
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
      const { place, driver } = await stored(bench, 5);
      const group = bench.newGroup();
      const source = place.source({ group });
      const given = AbortSignal.abort(new Error('given up'));
      await rejects(driver.kept!(source, 'take', given), 'kept()', bench.patienceMs);
      const kept = await open(bench, driver, place, 'take', { group });
      await next(bench, kept);
      await rejects(kept.next(given), 'next()', bench.patienceMs);
      // One that has asked already may be answered.
      const stop = new AbortController();
      const asked = kept.next(stop.signal);
      stop.abort(given.reason);
      await within(Promise.allSettled([asked]), 'next()', bench.patienceMs);
      await close(bench, kept);
      assert.deepEqual(
        (await rest(bench, await open(bench, driver, place, 'take', { group }))).map(textOf),
        numbered(5),
      );
    },
  },
  {
    id: 'K9',
    text: 'closing a driver ends what it reads by kept: next rejects, and the next reader gets what was not done',
    unless: unless.kept,
    async prove(bench) {
      const { place } = await stored(bench, 10);
      const group = bench.newGroup();
      const driver = await bench.open();
      const kept = await open(bench, driver, place, 'take', { group });
      await next(bench, kept);
      await within(driver.close(), 'close()', bench.patienceMs);
      await rejects(kept.next(bench.signal), 'next()', bench.patienceMs);
      await close(bench, kept);
      const again = await open(bench, await bench.open(), place, 'take', { group });
      assert.deepEqual((await rest(bench, again)).map(textOf), numbered(10));
    },
  },
  {
    id: 'K10',
    text: 'a reading ends during an outage, at the latest when its signal aborts; after it the next one goes on',
    unless: (target) => unless.kept(target) ?? unless.unsteady(target),
    async prove(bench) {
      const { makeDriver, place, cut, mend } = await bench.target.makeUnsteady!();
      const driver = await bench.connect(await makeDriver());
      const group = bench.newGroup();
      await (await bench.read(driver, place.source())).leave();
      await bench.publish(driver, place.destination, ...numbered(10).map(keyed));
      const kept = await open(bench, driver, place, 'take', { group });
      for (const message of await some(bench, kept, 3)) await kept.done(message);
      await cut();
      await bench.hasState('reconnecting');
      // What was fetched before may still come, to the end.
      const signal = AbortSignal.timeout(LONGEST_MS);
      const end = async (): Promise<void> => ((await kept.next(signal)) === undefined ? undefined : end());
      await within(Promise.allSettled([end()]), 'the reading', LONGEST_MS + bench.patienceMs);
      await close(bench, kept);
      await mend();
      await bench.hasState('up');
      const again = await open(bench, driver, place, 'take', { group });
      const left = (await rest(bench, again)).map(textOf);
      // A commit may have been under way when the connection was cut: what it said is done once more.
      assert.deepEqual(left.slice(-7), numbered(10).slice(3));
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
