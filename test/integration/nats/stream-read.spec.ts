import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type ConsumerConfig, type NatsConnection, StorageType } from 'nats';

import type { Incoming } from '../../../lib/driver/index.js';
import { stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import {
  startNatsServer,
  startProxy,
  type TestNatsServer,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';
import { closeAll, closeLater, Collector, start, type Started, text, texts, verdict } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a JetStream source', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true });
    nc = await connect({ servers: server.url, maxReconnectAttempts: -1 });
  });
  afterEach(closeAll);
  afterAll(async () => {
    await nc.close();
    await server.stop();
  });

  const at = (port = server.port) => ({ client: { servers: `127.0.0.1:${port}`, reconnectTimeWait: 50 } });
  const proxied = async () => {
    const proxy = closeLater(await startProxy(server.port));
    return { proxy, ...(await start(at(proxy.port))) };
  };
  const admin = () => nc.jetstreamManager();
  const facts = async (name: string, durable = 'd') => (await admin()).consumers.info(name, durable);
  const source = (by: Started, name: string, more: Partial<StreamOptions> = {}) =>
    by.definition.source(stream(name, { subjects: [name, `${name}.>`], durable: 'd', storage: 'memory', ...more }));
  const fill = async (by: Started, name: string, count: number, prefix?: string) => {
    const outcomes = await by.driver.publish(by.definition.destination(toStream(name)), texts(count, prefix));
    expect(outcomes.map(verdict).filter((one) => one !== 'ok')).toEqual([]);
  };
  const rejection = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error as Error,
    );

  describe('and what is on the server', () => {
    it('needs a stream that exists where it names no subjects', async () => {
      const { definition, subscribe } = await start(at());
      const error = await rejection(
        subscribe(new Collector(), definition.source(stream(uniqueName('NONE'), { durable: 'd' }))),
      );
      expect(error).toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED', broker: 'events' });
      expect(error!.message).toContain('does not exist');
    });

    it('creates a stream that keeps no more than asked, and alters none that keeps something else', async () => {
      const by = await start(at());
      const name = uniqueName('LIMITS');
      const limits = { maxMessages: 2, maxAgeMs: 60_000 };
      await by.subscribe(new Collector(), source(by, name, limits));
      await by.subscribe(new Collector(), source(by, name, limits));
      await fill(by, name, 5);
      const { config, state } = await (await admin()).streams.info(name);
      expect([config.max_msgs, config.max_age, config.duplicate_window]).toEqual([2, 60e9, 60e9]);
      expect([state.messages, state.first_seq]).toEqual([2, 4]);
      const error = await rejection(by.subscribe(new Collector(), source(by, name, { maxMessages: 3 })));
      expect(error).toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
    });

    it('creates stream and consumer as asked, and finds them the next time', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const asked = { filter: `${name}.a`, ackWaitMs: 7_000, maxAckPending: 77, duplicateWindowMs: 30_000 };
      for (let time = 0; time < 2; time++) await by.subscribe(new Collector(), source(by, name, asked));
      const { config } = await (await admin()).streams.info(name);
      expect(config).toMatchObject({ subjects: [name, `${name}.>`], storage: 'memory', duplicate_window: 30e9 });
      expect((await facts(name)).config).toMatchObject({
        durable_name: 'd',
        filter_subject: `${name}.a`,
        ack_wait: 7e9,
        max_ack_pending: 77,
        deliver_policy: 'all',
        ack_policy: 'explicit',
      });
    });

    it.each<[string, Partial<StreamOptions>]>([
      ['subjects', { subjects: ['other'] }],
      ['storage', { storage: 'file' }],
      ['duplicateWindowMs', { duplicateWindowMs: 1_000 }],
      ['filter', { filter: 'x' }],
      ['ackWaitMs', { ackWaitMs: 1_234 }],
      ['maxAckPending', { maxAckPending: 3 }],
      ['deliver', { deliver: 'new' }],
    ])('is an error where the server has another %s, which is not altered', async (what, other) => {
      const by = await start(at());
      const name = uniqueName('S');
      await by.subscribe(new Collector(), source(by, name));
      const before = [(await (await admin()).streams.info(name)).config, (await facts(name)).config];
      const error = await rejection(by.subscribe(new Collector(), source(by, name, other)));
      expect(error).toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
      expect(error!.message).toContain(what);
      expect([(await (await admin()).streams.info(name)).config, (await facts(name)).config]).toEqual(before);
    });

    it('accepts what the source does not name', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name] });
      const config = { durable_name: 'd', ack_policy: 'explicit', ack_wait: 3e9, max_ack_pending: 5 };
      await jsm.consumers.add(name, config as unknown as ConsumerConfig);
      const sink = new Collector();
      await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
      expect(sink.lanes[0]).toMatchObject({ leaseMs: 3_000, again: 'server', waits: true });
    });

    it('is an error where the consumer acknowledges nothing', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name] });
      await jsm.consumers.add(name, { durable_name: 'd', ack_policy: 'none' } as unknown as ConsumerConfig);
      const error = await rejection(
        by.subscribe(new Collector(), by.definition.source(stream(name, { durable: 'd' }))),
      );
      expect(error).toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
    });

    it('warns where the consumer drops messages that fail (max_deliver)', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name] });
      const config = { durable_name: 'd', ack_policy: 'explicit', max_deliver: 3 };
      await jsm.consumers.add(name, config as unknown as ConsumerConfig);
      await by.subscribe(new Collector(), by.definition.source(stream(name, { durable: 'd' })));
      expect(by.logs).toEqual([{ level: 'warn', message: expect.stringContaining('max_deliver 3') }]);
    });

    it('leaves nothing reading where another source of the same call fails', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector();
      const missing = by.definition.source(stream(uniqueName('NONE'), { durable: 'd' }));
      expect(await rejection(by.subscribe(sink, source(by, name), missing))).toBeDefined();
      expect(sink.lanes.every(({ lost }) => lost.aborted)).toBe(true);
      await until(async () => (await facts(name)).num_waiting === 0, { what: 'no pull waits' });
    });

    it('says that JetStream is not there', async () => {
      const plain = await startNatsServer();
      try {
        const by = await start(at(plain.port));
        const error = await rejection(by.subscribe(new Collector(), source(by, 'S')));
        expect(error).toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
        expect(error!.message).toContain('not enabled');
      } finally {
        await closeAll();
        await plain.stop();
      }
    });
  });

  describe('and its start', () => {
    it('is fixed when subscribe resolves: all that is kept, or all from then on', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const [all, fresh] = [new Collector(() => 'done'), new Collector(() => 'done')];
      await by.subscribe(new Collector(), source(by, name, { durable: 'first' }));
      await fill(by, name, 3, 'old');
      await by.subscribe(all, source(by, name, { durable: 'all' }));
      const intake = await by.subscribe(fresh, source(by, name, { durable: 'fresh', deliver: 'new' }));
      await intake.quiet();
      await intake.close();
      await fill(by, name, 2, 'new');
      await by.subscribe(fresh, source(by, name, { durable: 'fresh', deliver: 'new' }));
      await fresh.until(2);
      await all.until(5);
      expect(fresh.texts).toEqual(['new0', 'new1']);
      expect(all.texts).toEqual(['old0', 'old1', 'old2', 'new0', 'new1']);
    });

    it('gives what the filter’s wildcards stand for', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => 'done');
      await by.subscribe(sink, source(by, name, { filter: `${name}.*.eu` }));
      const to = (subject: string) => by.definition.destination(toStream(subject));
      await by.driver.publish(to(`${name}.us`), [text('no')]);
      await by.driver.publish(to(`${name}.7.eu`), [text('yes')]);
      const [taken] = await sink.until(1);
      expect(taken!.message).toMatchObject({ params: { 0: '7' }, address: `${name}.7.eu`, deliveries: 1 });
      expect((taken!.message.raw as { seq: number }).seq).toBe(2);
    });
  });

  describe('and settlements', () => {
    it('tells the server done, dropped and to come again after a while', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const times: number[] = [];
      const sink = new Collector((message) => {
        const body = Buffer.from(message.body!).toString();
        if (body === 'm1') return 'drop';
        if (body !== 'm2' || message.deliveries > 1) return 'done';
        times.push(performance.now());
        return { againInMs: 300 };
      });
      const intake = await by.subscribe(sink, source(by, name));
      await fill(by, name, 3);
      const taken = await sink.until(4);
      expect(performance.now() - times[0]!).toBeGreaterThan(250);
      expect(taken[3]!.message).toMatchObject({ deliveries: 2, position: taken[2]!.message.position });
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
      for (const { lane, message } of sink.taken) lane.settle(message, 'done');
      const flushing = intake.flush().then(() => 'flushed');
      expect(await Promise.race([flushing, facts(name)])).toMatchObject({ num_ack_pending: 500 });
      by.proxy.resume();
      await flushing;
      expect((await facts(name)).num_ack_pending).toBe(0);
    });

    it('hold up nobody where the server does not answer', async () => {
      const by = await proxied();
      const name = uniqueName('S');
      const sink = new Collector(() => 'done');
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
        lane.settle(message, 'done');
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
      for (const { lane, message } of sink.taken) lane.settle(message, 'done');
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
      for (const { lane, message } of sink.taken) lane.settle(message, 'done');
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
      one!.lane.settle(one!.message, 'done');
      one!.lane.settle(one!.message, { againInMs: 0 });
      await intake.quiet();
      await intake.flush();
      await intake.close();
      two!.lane.settle(two!.message, 'done');
      const next = new Collector(() => 'done');
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
      taken!.lane.settle(taken!.message, 'done');
      await intake.flush();
      expect((await facts(name)).ack_floor.stream_seq).toBe(1);
    });

    it('does not swallow what was given back for a moment: it comes again then, not after ack_wait', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(({ deliveries }) => (deliveries === 1 ? { againInMs: 5 } : 'done'));
      await by.subscribe(sink, source(by, name, { ackWaitMs: 60_000 }));
      await fill(by, name, 1);
      await sink.until(2);
      expect(sink.taken.map(({ message }) => message.deliveries)).toEqual([1, 2]);
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
      taken!.lane.settle(taken!.message, 'done');
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
      first!.lane.settle(first!.message, 'done');
      expect(sink.texts).toEqual(['first0']);
      sink.full = undefined;
      release();
      await sink.until(512);
      expect(sink.texts.slice(1, 512)).toEqual(texts(511).map(({ body }) => Buffer.from(body!).toString()));
    });

    it('does not hold up another one', async () => {
      const by = await start(at());
      const [one, other] = [uniqueName('S'), uniqueName('S')];
      const [full, free] = [new Collector(), new Collector(() => 'done')];
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
      await intake.quiet();
      const handedOver = sink.taken.length;
      const [first] = sink.taken;
      first!.lane.settle(first!.message, 'done');
      await intake.flush();
      const next = new Collector(() => 'done');
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
      const quiet = intake.quiet();
      by.proxy.resume();
      await quiet;
      const next = new Collector(() => 'done');
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
      const note = (message: Incoming) => (got.add(message.position), 'done' as const);
      const pauses = [0, 1, 2, 5, 10];
      for (const ms of pauses) {
        const intake = await by.subscribe(new Collector(note), source(by, name, { ackWaitMs: 60_000 }));
        const end = performance.now() + ms;
        await until(() => performance.now() >= end, { what: 'some are taken', everyMs: 1 });
        await intake.quiet();
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
      const sink = new Collector(() => 'done');
      await by.subscribe(sink, source(by, name));
      await fill(by, name, 10, 'a');
      await sink.until(10);
      by.proxy.cut();
      await until(() => by.states.at(-1) === 'up', { what: 'it is back' });
      await fill(by, name, 10, 'b');
      await sink.until(20);
      expect(new Set(sink.texts).size).toBe(20);
      expect(sink.lanes.length).toBe(1);
      expect(by.driver.ailments!()).toEqual([]);
    });

    it('reads on after the server was killed and restarted', async () => {
      const own = await startNatsServer({ jetstream: true });
      try {
        const by = await start(at(own.port));
        const name = uniqueName('S');
        const sink = new Collector(() => 'done');
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
        expect(by.driver.ailments!()).toEqual([]);
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
      first!.lane.settle(first!.message, 'done');
      expect(sink.texts).toEqual(['a0', 'a1', 'a0', 'a1']);
      expect(by.logs.map(({ level }) => level)).toContain('warn');
      expect(by.driver.ailments!()).toEqual([]);
    });

    it('goes on where it was when a consumer of new messages is deleted', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => 'done');
      const asked = { deliver: 'new' as const };
      await by.subscribe(sink, source(by, name, asked));
      await fill(by, name, 2, 'a');
      await sink.until(2);
      await (await admin()).consumers.delete(name, 'd');
      await fill(by, name, 2, 'b');
      await sink.until(4);
      expect(sink.texts).toEqual(['a0', 'a1', 'b0', 'b1']);
      // A restart finds it as its own.
      await by.subscribe(new Collector(), source(by, name, asked));
    });

    it('leaves out nothing that waits to come again when a consumer of new messages is deleted', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const seen = new Set<string>();
      const isFirst = ({ position }: Incoming) => position.includes(':1:') && seen.size < seen.add(position).size;
      const sink = new Collector((message) => (isFirst(message) ? { againInMs: 60_000 } : 'done'));
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

    it('shows in health while it cannot be read, and goes on by itself', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
      const sink = new Collector(() => 'done');
      await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
      await jsm.streams.delete(name);
      await until(() => by.driver.ailments!().some((one) => one.includes(name)), { what: 'health names it' });
      await jsm.streams.add({ name, subjects: [name] });
      await until(() => sink.lanes.length === 2, { what: 'it is read again' });
      expect(by.driver.ailments!()).toEqual([]);
      await fill(by, name, 1);
      await sink.until(1);
    });

    it('shows in health when unsettled messages have reached max_ack_pending', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const sink = new Collector(() => ({ againInMs: 60_000 }));
      await by.subscribe(sink, source(by, name, { maxAckPending: 5 }));
      await fill(by, name, 8);
      await sink.until(5);
      await until(() => by.driver.ailments!().some((one) => one.includes('max_ack_pending')), {
        what: 'health says it',
      });
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
