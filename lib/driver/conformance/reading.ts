import assert from 'node:assert/strict';

import { keep, keyed, numbered, text } from './bench.js';
import { type DriverPromise, unless } from './promise.js';
import { until } from './waiting.js';

/** Promises about `subscribe` and its lanes. */
export const reading: readonly DriverPromise[] = [
  {
    id: 'S1',
    text: 'messages published after subscribe has resolved are delivered',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      await bench.publish(driver, place.destination, 'after');
      await probe.has('after');
      assert.equal(probe.count('after'), 1);
    },
  },
  {
    id: 'S2',
    text: 'a lane describes how its source behaves',
    async prove(bench) {
      const { features } = bench.target;
      const { place, driver } = await bench.writer();
      const source = place.source();
      const probe = await bench.read(driver, source);
      await bench.publish(driver, place.destination, 'one');
      await probe.has('one');
      const { lane } = probe.find('one');
      assert.equal(lane.source, source);
      assert.deepEqual(
        { again: lane.redelivery, waits: lane.backpressure, durable: source.durable, lost: lane.lost.aborted },
        { again: features.redelivery, waits: features.backpressure, durable: features.durable, lost: false },
      );
      assert.equal(
        lane.leaseMs === undefined,
        features.redelivery !== 'server',
        'a lane has a lease if, and only if, the server redelivers',
      );
      assert.equal(
        lane.demand !== undefined,
        features.demand === true,
        'a lane has demand() if, and only if, the features say so',
      );
    },
  },
  {
    id: 'S3',
    text: 'a new group starts with the backlog',
    unless: unless.durable,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      // A stream is made by its first reader.
      const first = await bench.read(driver, place.source());
      await bench.publish(driver, place.destination, ...numbered(20));
      await first.has(...numbered(20));
      const probe = await bench.read(driver, place.source());
      await probe.has(...numbered(20));
    },
  },
  {
    id: 'S4',
    text: 'a new group that starts at the end gets later messages, even those published while it was away',
    unless: unless.durable,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const first = await bench.read(driver, place.source());
      await bench.publish(driver, place.destination, keyed('before'));
      await first.has('before');
      const options = { group: bench.newGroup(), fromEnd: true };
      const gone = await bench.read(driver, place.source(options));
      await gone.leave();
      await bench.publish(driver, place.destination, keyed('while gone'));
      const back = await bench.read(driver, place.source(options));
      await bench.publish(driver, place.destination, keyed('after'));
      await back.has('while gone', 'after');
      assert.equal(back.count('before'), 0);
    },
  },
  {
    id: 'S5',
    text: 'subscribe rejects if one source cannot be read, and leaves nothing reading',
    unless: ({ makeUnreadableSource }) =>
      makeUnreadableSource ? undefined : 'the system creates the source, or needs none',
    async prove(bench) {
      const { place, driver } = await bench.writer();
      // A stream is made by its first reader.
      await (await bench.read(driver, place.source())).leave();
      const group = bench.newGroup();
      await bench.publish(driver, place.destination, 'before');
      const sources = [place.source({ group }), bench.target.makeUnreadableSource!()];
      await assert.rejects(bench.read(driver, sources));
      if (place.source().durable) {
        const later = await bench.read(driver, place.source({ group }));
        await later.has('before');
        assert.equal(later.find('before').message.deliveryCount, 1, 'the call that failed has fetched nothing');
      }
      // The readable source can be read by another subscription: it was released.
      const probe = await bench.read(driver, place.source());
      await bench.publish(driver, place.destination, 'still works');
      await probe.has('still works');
    },
  },
  {
    id: 'O1',
    text: 'messages with the same key arrive in the order of publishing, across batches',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const batches = [0, 1, 2, 3].map((batch) =>
        numbered(100, `${batch}-`).map((body, i) => text(body, { key: keys[i % keys.length] })),
      );
      await bench.publishBehind(driver, place.destination, batches);
      await probe.hasCount(400);
      for (const key of keys) {
        const got = probe.taken.filter(({ message }) => message.key === key).map((taken) => taken.text);
        const sent = [0, 1, 2, 3].flatMap((batch) =>
          numbered(100, `${batch}-`).filter((_, i) => keys[i % keys.length] === key),
        );
        assert.deepEqual(got, sent, `key ${key}`);
      }
    },
  },
  {
    id: 'O2',
    text: 'a full lane gets nothing until there is room, while other lanes continue',
    unless: unless.backpressure,
    async prove(bench) {
      const [place, otherPlace] = [await bench.target.makePlace(), await bench.target.makePlace()];
      const driver = await bench.open();
      const [source, otherSource] = [place.source(), otherPlace.source()];
      let makeRoom = (): void => {};
      const room = new Promise<void>((resolve) => (makeRoom = resolve));
      const probe = await bench.read(driver, [source, otherSource], {
        settle: () => 'ack',
        room: (lane) => (lane.source === source ? room : undefined),
      });
      await bench.publish(driver, place.destination, keyed('fills it'));
      await probe.has('fills it');
      await bench.publish(driver, place.destination, keyed('waits'));
      for (const body of numbered(20)) await bench.publish(driver, otherPlace.destination, keyed(body));
      await probe.has(...numbered(20));
      assert.equal(probe.count('waits'), 0);
      makeRoom();
      await probe.has('waits');
    },
  },
  {
    id: 'O3',
    text: 'a position belongs to one message only',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader(keep);
      await bench.publish(driver, place.destination, ...numbered(40));
      await until(
        () => probe.taken.length >= 40,
        () => 'not all arrived',
        bench.patienceMs,
      );
      assert.equal(new Set(probe.taken.map(({ message }) => message.position)).size, 40);
      for (const { message } of probe.taken) assert.equal(message.deliveryCount, 1);
    },
  },
];
