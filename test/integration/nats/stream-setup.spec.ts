import { describe, expect, it, jest } from '@jest/globals';
import type { ConsumerConfig, NatsConnection } from 'nats';

import { stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { startNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { rejection, StreamRig } from './stream-rig.js';
import { results } from '../../support/nats/results.js';
import { closeAll, Collector, ok, start, text } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a JetStream source', () => {
  const rig = new StreamRig();
  const { at, admin, facts, source, fill } = rig;

  describe('and what is on the server', () => {
    it('needs a stream that exists where it names no subjects', async () => {
      const { definition, subscribe } = await start(at());
      const error = await rejection(
        subscribe(new Collector(), definition.source(stream(uniqueName('NONE'), { durable: 'd' }))),
      );
      expect(error).toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED', broker: 'events' });
      expect(error!.message).toContain('does not exist');
    });

    it('is read by a source that names no subjects where another one of the same start creates it', async () => {
      const by = await start(at());
      const name = uniqueName('S');
      const reads = by.definition.source(stream(name, { durable: 'reads' }));
      await by.subscribe(new Collector(), reads, source(by, name));
      expect((await facts(name, 'reads')).stream_name).toBe(name);
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

    it('creates a stream with fast ingest, which takes results as batches, and alters none without', async () => {
      const by = await start(at());
      const [name, without] = [uniqueName('S'), uniqueName('S')];
      for (let time = 0; time < 2; time++)
        await by.subscribe(new Collector(), source(by, name, { allowBatched: true }));
      expect((await (await admin()).streams.info(name)).config).toMatchObject({ allow_batched: true });
      // One that reads nothing, so that it gets only answers.
      const { driver, definition } = await start(at());
      expect((await driver.publish(definition.destination(toStream(`${name}.a`)), results(200))).every(ok)).toBe(true);
      expect((driver.native() as NatsConnection).stats().inMsgs).toBeLessThan(50);

      await by.subscribe(new Collector(), source(by, without, { allowBatched: false }));
      const error = await rejection(by.subscribe(new Collector(), source(by, without, { allowBatched: true })));
      expect(error).toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
      expect(error!.message).toContain('allowBatched');
      const other = await rejection(by.subscribe(new Collector(), source(by, name, { allowBatched: false })));
      expect(other).toMatchObject({ code: 'MULTI_BROKER_STREAM_MISMATCH' });
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
      expect(sink.lanes[0]).toMatchObject({ leaseMs: 3_000, redelivery: 'server', backpressure: true });
    });

    it.each([
      ['acknowledges nothing', { ack_policy: 'none' }],
      ['delivers no bodies', { ack_policy: 'explicit', headers_only: true }],
    ])('is an error where the consumer %s', async (_, config) => {
      const by = await start(at());
      const name = uniqueName('S');
      const jsm = await admin();
      await jsm.streams.add({ name, subjects: [name] });
      await jsm.consumers.add(name, { durable_name: 'd', ...config } as unknown as ConsumerConfig);
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
      const [all, fresh] = [new Collector(() => 'ack'), new Collector(() => 'ack')];
      await by.subscribe(new Collector(), source(by, name, { durable: 'first' }));
      await fill(by, name, 3, 'old');
      await by.subscribe(all, source(by, name, { durable: 'all' }));
      const intake = await by.subscribe(fresh, source(by, name, { durable: 'fresh', deliver: 'new' }));
      await intake.stopFetching();
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
      const sink = new Collector(() => 'ack');
      await by.subscribe(sink, source(by, name, { filter: `${name}.*.eu` }));
      const to = (subject: string) => by.definition.destination(toStream(subject));
      await by.driver.publish(to(`${name}.us`), [text('no')]);
      await by.driver.publish(to(`${name}.7.eu`), [text('yes')]);
      const [taken] = await sink.until(1);
      expect(taken!.message).toMatchObject({ params: { 0: '7' }, address: `${name}.7.eu`, deliveryCount: 1 });
      expect((taken!.message.raw as { seq: number }).seq).toBe(2);
    });
  });
});
