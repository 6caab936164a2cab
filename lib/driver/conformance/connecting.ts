import assert from 'node:assert/strict';

import { codeOf, keep, numbered } from './bench.js';
import { type DriverPromise, unless } from './promise.js';
import { rejects, until, within } from './waiting.js';

/** Promises about the connection. */
export const connecting: readonly DriverPromise[] = [
  {
    id: 'C1',
    text: 'connect resolves when it can publish',
    async prove(bench) {
      const { destination } = await bench.target.makePlace();
      const driver = await bench.target.makeDriver();
      await bench.connect(driver);
      // A stream is created by its reader: being refused because there is none is an answer too.
      const [outcome] = await bench.tryPublish(driver, destination, 'first');
      assert.ok(outcome !== undefined);
      assert.notEqual('error' in outcome && outcome.error.code, 'MULTI_BROKER_NOT_CONNECTED');
    },
  },
  {
    id: 'C2',
    text: 'connect rejects with nothing left open when the server is not there',
    unless: unless.dead,
    async prove(bench) {
      const before = sockets();
      const driver = await bench.target.makeDeadDriver!();
      await rejects(driver.connect(bench.context(), bench.signal), 'connect()', bench.patienceMs * 2);
      await until(
        () => sockets() <= before,
        () => `${sockets() - before} sockets are left`,
        bench.patienceMs,
      );
      await within(driver.close(), 'close()', bench.patienceMs);
    },
  },
  {
    id: 'C3',
    text: 'connect rejects promptly when its signal aborts',
    async prove(bench) {
      const driver = await (bench.target.makeDeadDriver?.() ?? bench.target.makeDriver());
      const connecting = driver.connect(bench.context(), AbortSignal.abort(new Error('given up')));
      await rejects(connecting, 'connect()', 2_000);
      await within(driver.close(), 'close()', bench.patienceMs);
    },
  },
  {
    id: 'C4',
    text: 'close is idempotent, and resolves on a driver that never connected',
    async prove(bench) {
      const unused = await bench.target.makeDriver();
      await within(unused.close(), 'close()', bench.patienceMs);
      const driver = await bench.open();
      await within(Promise.all([driver.close(), driver.close()]), 'close()', bench.patienceMs);
      await within(driver.close(), 'close()', bench.patienceMs);
    },
  },
  {
    id: 'C5',
    text: 'close, stopFetching and flush resolve even if the server is gone and messages are unsettled',
    unless: ({ makeDoomedDriver }) => (makeDoomedDriver ? undefined : 'its server is in the process'),
    async prove(bench) {
      const { driver, place, kill } = await bench.target.makeDoomedDriver!();
      await bench.connect(driver);
      const probe = await bench.read(driver, place.source(), keep);
      await bench.publish(driver, place.destination, 'unsettled');
      await probe.has('unsettled');
      await kill();
      await within(probe.leave(), 'the end of a reader', bench.patienceMs);
      await within(driver.close(), 'close()', bench.patienceMs);
    },
  },
  {
    id: 'C6',
    text: 'native() returns the client, or throws on a twin',
    async prove(bench) {
      const driver = await bench.open();
      if (!bench.target.features.twin) assert.ok(driver.native());
      else assert.equal(await codeOf(Promise.resolve().then(() => driver.native())), 'MULTI_BROKER_NATIVE_UNAVAILABLE');
    },
  },
  {
    id: 'C7',
    text: 'two brokers on one server receive each other’s messages',
    async prove(bench) {
      const place = await bench.target.makePlace();
      const [one, other] = [await bench.open('one'), await bench.open('other')];
      const probe = await bench.read(other, place.source());
      await bench.publish(one, place.destination, 'across');
      await probe.has('across');
    },
  },
  {
    id: 'C8',
    text: 'closing one driver leaves another one on the same server working',
    async prove(bench) {
      const { place, driver: staying, probe } = await bench.reader();
      const leaving = await bench.open('leaving');
      const gone = await bench.read(leaving, place.source());
      await bench.publish(leaving, place.destination, 'before');
      await Promise.all([probe.has('before'), gone.has('before')]);
      await within(leaving.close(), 'close()', bench.patienceMs);
      await bench.publish(staying, place.destination, 'after');
      await probe.has('after');
      assert.ok(probe.lanes.some(({ lost }) => !lost.aborted));
      assert.equal(gone.count('after'), 0);
    },
  },
  {
    id: 'C9',
    text: 'a stable connection reports no state change, idle or under load',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      await bench.publish(driver, place.destination, ...numbered(20));
      await probe.has(...numbered(20));
      await bench.pass(1_000);
      await bench.publish(driver, place.destination, 'later');
      await probe.has('later');
      assert.deepEqual(bench.states, []);
    },
  },
];

function sockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCP')).length;
}
