import { describe, expect, it, jest } from '@jest/globals';
import type { NatsConnection } from 'nats';

import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { Collector, start } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a JetStream source', () => {
  const rig = new StreamRig();
  const { at, proxied, facts, source, fill } = rig;

  describe('and settlements', () => {
    it('tells the server done, dropped and to come again after a while', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const times: number[] = [];
      const sink = new Collector((message) => {
        const body = Buffer.from(message.body!).toString();
        if (body === 'm1') return 'reject';
        if (body !== 'm2' || message.deliveryCount > 1) return 'ack';
        times.push(performance.now());
        return { redeliverInMs: 300 };
      });
      const intake = await by.subscribe(sink, source(by, name));
      await fill(by, name, 3);
      const taken = await sink.until(4);
      expect(performance.now() - times[0]!).toBeGreaterThan(250);
      expect(taken[3]!.message).toMatchObject({ deliveryCount: 2, position: taken[2]!.message.position });
      await intake.flush();
      expect(await facts(name)).toMatchObject({ num_ack_pending: 0, num_pending: 0, ack_floor: { stream_seq: 3 } });
    });

    it('are known to the server once flushed, and not before it has read them', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector();
      const intake = await by.subscribe(sink, source(by, name));
      await fill(by, name, 500);
      await sink.until(500);
      by.proxy.stall('toServer');
      for (const { lane, message } of sink.taken) lane.settle(message, 'ack');
      const flushing = intake.flush().then(() => 'flushed');
      expect(await Promise.race([flushing, facts(name)])).toMatchObject({ num_ack_pending: 500 });
      by.proxy.resume();
      await flushing;
      expect((await facts(name)).num_ack_pending).toBe(0);
    });

    it('hold up nobody where the server does not answer', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector(() => 'ack');
      const intake = await by.subscribe(sink, source(by, name));
      await fill(by, name, 1);
      await sink.until(1);
      by.proxy.stall();
      const before = performance.now();
      await intake.flush();
      expect(performance.now() - before).toBeLessThan(4_000);
    });

    it('leave together: those of one turn are not a socket write each', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name));
      await fill(by, name, 200);
      await sink.until(200);
      const writes = spyOnWrites(by.driver.native());
      for (const { lane, message } of sink.taken) {
        lane.settle(message, 'ack');
        await Promise.resolve();
      }
      await until(async () => (await facts(name)).num_ack_pending === 0, { what: 'all are acked' });
      expect(writes()).toBeLessThan(20);
    });

    it('that were made while the connection was down are told after it is back, before anything comes again', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name, { ackWaitMs: 5_000 }));
      await fill(by, name, 3);
      await sink.until(3);
      by.proxy.refuse();
      await until(() => by.states.at(-1) === 'reconnecting', { what: 'the loss is told' });
      for (const { lane, message } of sink.taken) lane.settle(message, 'ack');
      by.proxy.resume();
      await until(() => by.states.at(-1) === 'up', { what: 'it is back' });
      await until(async () => (await facts(name)).ack_floor.stream_seq === 3, {
        what: 'the server knows',
        timeoutMs: 4_500,
      });
      await fill(by, name, 1, 'next');
      await sink.until(4);
      expect(sink.texts).toEqual(['m0', 'm1', 'm2', 'next0']);
    });

    it('that were lost on their way are told again after a reconnect', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name, { ackWaitMs: 30_000 }));
      await fill(by, name, 3);
      await sink.until(3);
      by.proxy.stall('toServer');
      const written = () => (by.driver.native() as NatsConnection).stats().outMsgs;
      const before = written();
      for (const { lane, message } of sink.taken) lane.settle(message, 'ack');
      await until(() => written() === before + 3, { what: 'they were written' });
      by.proxy.cut();
      by.proxy.resume();
      await until(async () => (await facts(name)).num_ack_pending === 0, { what: 'the server knows' });
    });

    it('count once, and not for a lane that is lost', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      const intake = await by.subscribe(sink, source(by, name));
      await fill(by, name, 2);
      const [one, two] = await sink.until(2);
      one!.lane.settle(one!.message, 'ack');
      one!.lane.settle(one!.message, { redeliverInMs: 0 });
      await intake.stopFetching();
      await intake.flush();
      await intake.close();
      two!.lane.settle(two!.message, 'ack');
      const next = new Collector(() => 'ack');
      await by.subscribe(next, source(by, name));
      await next.until(1);
      expect(next.texts).toEqual(['m1']);
    });
  });

  describe('and the lease', () => {
    it('swallows the copy that comes when ack_wait passes, and settles it by the copy’s handle', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      const intake = await by.subscribe(sink, source(by, name, { ackWaitMs: 500 }));
      await fill(by, name, 1);
      const [taken] = await sink.until(1);
      await until(async () => (await facts(name)).num_redelivered > 0, { what: 'the server sent a copy' });
      await fill(by, name, 1, 'next');
      await sink.until(2);
      expect(sink.texts).toEqual(['m0', 'next0']);
      taken!.lane.settle(taken!.message, 'ack');
      await intake.flush();
      expect((await facts(name)).ack_floor.stream_seq).toBe(1);
    });

    it('does not swallow what was given back for a moment: it comes again then, not after ack_wait', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(({ deliveryCount: deliveries }) => (deliveries === 1 ? { redeliverInMs: 5 } : 'ack'));
      await by.subscribe(sink, source(by, name, { ackWaitMs: 60_000 }));
      await fill(by, name, 1);
      await sink.until(2);
      expect(sink.taken.map(({ message }) => message.deliveryCount)).toEqual([1, 2]);
    });

    it('swallows a copy that was on its way when the message was settled', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name, { ackWaitMs: 500 }));
      await fill(by, name, 1);
      const [taken] = await sink.until(1);
      by.proxy.stall('toClient');
      await until(async () => (await facts(name)).num_redelivered > 0, { what: 'the server sent a copy' });
      taken!.lane.settle(taken!.message, 'ack');
      await until(async () => (await facts(name)).num_ack_pending === 0, { what: 'the server knows' });
      by.proxy.resume();
      await fill(by, name, 1, 'next');
      await sink.until(2);
      expect(sink.texts).toEqual(['m0', 'next0']);
    });

    it('is extended: no copy is sent', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      await by.subscribe(sink, source(by, name, { ackWaitMs: 1_000 }));
      await fill(by, name, 1);
      const [taken] = await sink.until(1);
      const threeLeases = performance.now() + 3_000;
      await until(
        () => {
          taken!.lane.extend!(taken!.message);
          return performance.now() > threeLeases;
        },
        { what: 'three leases are over', everyMs: 100 },
      );
      expect((await facts(name)).num_redelivered).toBe(0);
    });
  });
});

/** How many writes the client's socket gets from now on. */
function spyOnWrites(native: unknown): () => number {
  const { protocol } = native as { protocol: { transport: { send(frame: unknown): void } } };
  const send = protocol.transport.send.bind(protocol.transport);
  let count = 0;
  protocol.transport.send = (frame) => {
    count++;
    send(frame);
  };
  return () => count;
}
