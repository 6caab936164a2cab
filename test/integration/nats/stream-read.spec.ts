import { describe, expect, it, jest } from '@jest/globals';
import { StorageType } from 'nats';

import type { Incoming } from '../../../lib/driver/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { startNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { closeAll, Collector, start, text, texts, verdict } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a JetStream source', () => {
  const rig = new StreamRig();
  const { at, proxied, admin, facts, source, fill } = rig;

  describe('and a full lane', () => {
    it('stops pulling, and goes on in order', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      let release = (): void => undefined;
      const sink = new Collector();
      sink.full = new Promise((resolve) => (release = resolve));
      await by.subscribe(sink, source(by, name, { maxAckPending: 2_500 }));
      await fill(by, name, 1, 'first');
      const [first] = await sink.until(1);
      await fill(by, name, 2_000);
      await until(async () => (await facts(name)).num_ack_pending >= 512, { what: 'the pull is used up' });
      expect(await facts(name)).toMatchObject({ num_ack_pending: 512, num_waiting: 0 });
      first!.lane.settle(first!.message, 'ack');
      expect(sink.texts).toEqual(['first0']);
      sink.full = undefined;
      release();
      await sink.until(512);
      expect(sink.texts.slice(1, 512)).toEqual(texts(511).map(({ body }) => Buffer.from(body!).toString()));
    });

    it('does not hold up another one', async () => {
      const by = await start(at());
      const [one, other] = [uniqueName('S'), uniqueName('S')];
      const [full, free] = [new Collector(), new Collector(() => 'ack')];
      full.full = new Promise(() => undefined);
      await by.subscribe(full, source(by, one));
      await by.subscribe(free, source(by, other));
      await fill(by, one, 10);
      await full.until(1);
      await fill(by, other, 2_000);
      await free.until(2_000);
    });
  });

  describe('and its end', () => {
    it('takes nothing after quiet, settles what runs, and gives back what nobody handled, at once', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      sink.full = new Promise(() => undefined);
      const intake = await by.subscribe(sink, source(by, name, { ackWaitMs: 60_000 }));
      await fill(by, name, 2, 'first');
      await sink.until(1);
      await fill(by, name, 998);
      await until(async () => (await facts(name)).num_ack_pending === 512, { what: 'the pull is used up' });
      await intake.stopFetching();
      const handedOver = sink.taken.length;
      const [first] = sink.taken;
      first!.lane.settle(first!.message, 'ack');
      await intake.flush();
      const next = new Collector(() => 'ack');
      await by.subscribe(next, source(by, name, { ackWaitMs: 60_000 }));
      await next.until(1_000 - handedOver);
      expect(sink.taken.length).toBe(handedOver);
      await intake.close();
      await next.until(999);
      const seqs = next.taken.map(({ message }) => Number(message.position.split(':')[3])).sort((x, y) => x - y);
      expect(seqs).toEqual(Array.from({ length: 999 }, (_, index) => index + 2));
    });

    it('gives back at once what was on its way when quiet was called', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector();
      const intake = await by.subscribe(sink, source(by, name, { ackWaitMs: 60_000 }));
      by.proxy.stall('toClient');
      const to = by.definition.destination(toStream(name));
      const other = await start(at());
      await other.driver.publish(to, texts(100));
      await until(async () => (await facts(name)).num_ack_pending === 100, { what: 'they are on their way' });
      const quiet = intake.stopFetching();
      by.proxy.resume();
      await quiet;
      const next = new Collector(() => 'ack');
      await other.subscribe(next, source(other, name, { ackWaitMs: 60_000 }));
      await next.until(100);
      expect(sink.taken).toEqual([]);
    });

    it('loses no message to ack_wait though it ends while they are on their way', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      await by.subscribe(new Collector(), source(by, name, { durable: 'maker' }));
      await fill(by, name, 3_000);
      const got = new Set<string>();
      const note = (message: Incoming) => (got.add(message.position), 'ack' as const);
      const pauses = [0, 1, 2, 5, 10];
      for (const ms of pauses) {
        const intake = await by.subscribe(new Collector(note), source(by, name, { ackWaitMs: 60_000 }));
        const end = performance.now() + ms;
        await until(() => performance.now() >= end, { what: 'some are taken', everyMs: 1 });
        await intake.stopFetching();
        await intake.flush();
        await intake.close();
      }
      await by.subscribe(new Collector(note), source(by, name, { ackWaitMs: 60_000 }));
      await until(() => got.size === 3_000, { what: 'all were taken', timeoutMs: 15_000 });
    });
  });

  describe('and a loss', () => {
    it('reads on after the connection was lost, on the same lane', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector(() => 'ack');
      await by.subscribe(sink, source(by, name));
      await fill(by, name, 10, 'a');
      await sink.until(10);
      by.proxy.cut();
      await until(() => by.states.at(-1) === 'up', { what: 'it is back' });
      await fill(by, name, 10, 'b');
      await sink.until(20);
      expect(new Set(sink.texts).size).toBe(20);
      expect(sink.lanes.length).toBe(1);
      expect(by.driver.healthIssues!()).toEqual([]);
    });

    it('reads on after the server was killed and restarted', async () => {
      const own = await startNatsServer({ jetstream: true });
      try {
        const by = await start(at(own.port));
        const name = uniqueName('S');
        const sink = new Collector(() => 'ack');
        await by.subscribe(sink, source(by, name, { storage: 'file' }));
        await fill(by, name, 10, 'a');
        await sink.until(10);
        await own.kill();
        await own.restart();
        await until(() => by.states.at(-1) === 'up', { what: 'it is back' });
        await until(
          async () => {
            const to = by.definition.destination(toStream(name));
            return verdict((await by.driver.publish(to, [text('b')]))[0]) === 'ok';
          },
          { what: 'the stream is back' },
        );
        await until(() => sink.texts.includes('b'), { what: 'the message came' });
        expect(by.driver.healthIssues!()).toEqual([]);
      } finally {
        await closeAll();
        await own.stop();
      }
    });

    it('has a successor when its consumer is deleted: a new lane, and the old one is lost', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name));
      await fill(by, name, 2, 'a');
      const [first] = await sink.until(2);
      await (await admin()).consumers.delete(name, 'd');
      await sink.until(4);
      expect(sink.lanes.length).toBe(2);
      expect(first!.lane.lost.aborted).toBe(true);
      first!.lane.settle(first!.message, 'ack');
      expect(sink.texts).toEqual(['a0', 'a1', 'a0', 'a1']);
      expect(by.logs.map(({ level }) => level)).toContain('warn');
      expect(by.driver.healthIssues!()).toEqual([]);
    });

    it('goes on behind what it knew to be settled when a consumer of new messages is deleted', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => 'ack');
      const asked = { deliver: 'new' as const };
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name, `${name}.>`], storage: StorageType.Memory });
      await fill(by, name, 2, 'early');
      await by.subscribe(sink, source(by, name, asked));
      await fill(by, name, 2, 'a');
      await sink.until(2);
      await jsm.consumers.delete(name, 'd');
      await fill(by, name, 2, 'b');
      await sink.until(6);
      expect(sink.texts).toEqual(['a0', 'a1', 'a0', 'a1', 'b0', 'b1']);
      // A restart finds it as its own.
      await by.subscribe(new Collector(), source(by, name, asked));
    });

    it('gets what comes while a consumer of new messages is away that has read nothing yet', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => 'ack');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name, `${name}.>`], storage: StorageType.Memory });
      await fill(by, name, 3, 'early');
      await by.subscribe(sink, source(by, name, { deliver: 'new' }));
      await Promise.all([jsm.consumers.delete(name, 'd'), fill(by, name, 3, 'a')]);
      await sink.until(3);
      expect(sink.texts).toEqual(['a0', 'a1', 'a2']);
    });

    it('leaves out nothing that waits to come again when a consumer of new messages is deleted', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const seen = new Set<string>();
      const isFirst = ({ position }: Incoming) => position.includes(':1:') && seen.size < seen.add(position).size;
      const sink = new Collector((message) => (isFirst(message) ? { redeliverInMs: 60_000 } : 'ack'));
      await by.subscribe(sink, source(by, name, { deliver: 'new' }));
      await fill(by, name, 2, 'a');
      await sink.until(2);
      await (await admin()).consumers.delete(name, 'd');
      await until(() => sink.texts.slice(2).includes('a0'), { what: 'it has come again' });
    });

    it('makes stream and consumer again when the stream is deleted, and takes its old places for new messages', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name));
      await fill(by, name, 1, 'old');
      await sink.until(1);
      await (await admin()).streams.delete(name);
      await until(() => sink.lanes.length === 2, { what: 'there is a new lane' });
      await fill(by, name, 1, 'new');
      const taken = await sink.until(2);
      expect(sink.texts).toEqual(['old0', 'new0']);
      expect(taken[0]!.message.position).not.toBe(taken[1]!.message.position);
    });

    it('gets all of a stream that was deleted and made anew, also one of new messages', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => 'ack');
      await by.subscribe(sink, source(by, name, { deliver: 'new' }));
      await fill(by, name, 5, 'old');
      await sink.until(5);
      await (await admin()).streams.delete(name);
      await until(() => sink.lanes.length === 2, { what: 'there is a new lane' });
      await fill(by, name, 3, 'new');
      await sink.until(8);
      expect(sink.texts.slice(5)).toEqual(['new0', 'new1', 'new2']);
      await until(() => by.logs.some(({ message }) => message.includes('starts at the first message')), {
        what: 'the log says where it starts',
      });
    });

    it('shows in health while it cannot be read, and goes on by itself', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
      const sink = new Collector(() => 'ack');
      await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
      await jsm.streams.delete(name);
      await until(() => by.driver.healthIssues!().some((one) => one.includes(name)), { what: 'health names it' });
      await jsm.streams.add({ name, subjects: [name] });
      await until(() => sink.lanes.length === 2, { what: 'it is read again' });
      expect(by.driver.healthIssues!()).toEqual([]);
      await fill(by, name, 1);
      await sink.until(1);
    });

    it('shows in health when unsettled messages have reached max_ack_pending', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => ({ redeliverInMs: 60_000 }));
      await by.subscribe(sink, source(by, name, { maxAckPending: 5 }));
      await fill(by, name, 8);
      await sink.until(5);
      await until(() => by.driver.healthIssues!().some((one) => one.includes('max_ack_pending')), {
        what: 'health says it',
      });
    });
  });
});
