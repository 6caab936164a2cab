import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AckPolicy, DeliverPolicy, headers, type JetStreamManager, type NatsConnection, StorageType } from 'nats';

import { stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { closeAll, closeLater, Collector, outside, start, text, verdict } from './support.js';

jest.setTimeout(60_000);

whenBrokers(describe)('what a stream or consumer was made with elsewhere', () => {
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  let name: string;
  beforeEach(async () => {
    nc = await outside();
    jsm = await nc.jetstreamManager();
    name = uniqueName('SET');
    closeLater({ close: async () => jsm.streams.delete(name).catch(() => false) });
  });
  afterEach(closeAll);

  const makeStream = (config: object = {}) =>
    jsm.streams.add({ name, subjects: [`${name}.*`], storage: StorageType.Memory, ...config });
  const makeConsumer = (config: object) =>
    jsm.consumers.add(name, {
      durable_name: 'd',
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ...config,
    });

  async function read(options: Partial<StreamOptions> = {}) {
    const started = await start();
    const sink = new Collector(() => 'ack');
    const reading = started.subscribe(sink, started.definition.source(stream(name, { durable: 'd', ...options })));
    return { ...started, sink, reading };
  }

  it('a stream that acknowledges nothing (no_ack) refuses toStream() before anything is written', async () => {
    await makeStream({ no_ack: true });
    const { driver, definition } = await start();
    const [outcome] = await driver.publish(definition.destination(toStream(`${name}.a`)), [text('a')]);
    expect(verdict(outcome)).toBe('MULTI_BROKER_PUBLISH_REJECTED no');
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining(`${name} has no_ack`) } });
    expect((await jsm.streams.info(name)).state.messages).toBe(0);
    await jsm.streams.update(name, { no_ack: false });
    await until(
      async () => {
        const [later] = await driver.publish(definition.destination(toStream(`${name}.a`)), [text('a')]);
        return verdict(later) === 'ok';
      },
      { what: 'it takes the stream as it is now' },
    );
  });

  it.each(['workqueue', 'interest'])('a %s stream as a target is warned of, once', async (retention) => {
    await makeStream({ retention });
    const { driver, definition, logs } = await start();
    const to = definition.destination(toStream(`${name}.a`));
    for (const body of ['a', 'b']) expect((await driver.publish(to, [text(body)])).map(verdict)).toEqual(['ok']);
    const told = () => logs.filter(({ message }) => message.includes(`has retention ${retention}`));
    await until(() => told().length > 0, { what: 'the warning' });
    expect(told()).toHaveLength(1);
    expect(told()[0]?.message.includes('no consumer')).toBe(retention === 'interest');
  });

  it('a consumer with priority groups is refused at the start', async () => {
    await makeStream();
    await makeConsumer({ priority_groups: ['g'], priority_policy: 'overflow' });
    const { reading } = await read();
    await expect(reading).rejects.toMatchObject({
      code: 'MULTI_BROKER_STREAM_MISMATCH',
      message: expect.stringContaining('priority groups is g'),
    });
  });

  it('a consumer that is paused is told in the log and in health, until it is resumed', async () => {
    await makeStream();
    await makeConsumer({ pause_until: new Date(Date.now() + 3_000).toISOString() });
    const { reading, driver, logs, sink } = await read();
    await reading;
    expect(driver.healthIssues?.()).toEqual([
      expect.stringMatching(/paused on the server until .*resume the consumer/),
    ]);
    expect(logs).toContainEqual({ level: 'warn', message: expect.stringContaining('paused on the server') });
    await nc.jetstream().publish(`${name}.a`, 'after the pause');
    await sink.until(1);
    expect(driver.healthIssues?.()).toEqual([]);
  });

  it('a consumer whose filter is narrowed while it is read is not read on, and passes over nothing until it is as it was', async () => {
    await makeStream();
    const { reading, driver, logs, sink } = await read();
    await reading;
    await nc.jetstream().publish(`${name}.b`, 'before');
    await sink.until(1);
    const { config } = await jsm.consumers.info(name, 'd');
    // nats.js cannot take a filter away.
    const update = (filter?: string) =>
      nc.request(
        `$JS.API.CONSUMER.CREATE.${name}.d`,
        JSON.stringify({ stream_name: name, action: 'update', config: { ...config, filter_subject: filter } }),
      );
    await update(`${name}.a`);
    const told = expect.stringContaining(`differs from its source: filter is ${name}.a and should be (none)`);
    await until(() => driver.healthIssues?.().length === 1, { what: 'it is noticed', timeoutMs: 20_000 });
    expect(driver.healthIssues?.()).toEqual([told]);
    expect(logs.filter(({ level }) => level === 'warn')).toEqual([{ level: 'warn', message: told }]);
    for (const subject of ['b', 'a']) await nc.jetstream().publish(`${name}.${subject}`, subject);
    await update();
    await sink.until(3);
    expect(sink.texts).toEqual(['before', 'b', 'a']);
    expect(driver.healthIssues?.()).toEqual([]);
  });

  it('a consumer with a backoff is warned of at the start', async () => {
    await makeStream();
    await makeConsumer({ backoff: [1e9, 2e9], max_deliver: 5 });
    const { reading, logs } = await read();
    await reading;
    expect(logs).toContainEqual({ level: 'warn', message: expect.stringContaining('has a backoff') });
  });

  it('a filter of subjects that the stream had before is read', async () => {
    await makeStream();
    await nc.jetstream().publish(`${name}.a`, 'old');
    await jsm.streams.update(name, { subjects: [`${name}_new.*`] });
    const { reading, sink } = await read({ filter: `${name}.a` });
    await reading;
    await sink.until(1);
    expect(sink.texts).toEqual(['old']);
  });

  describe('delete markers and schedules', () => {
    const settings = {
      allow_msg_ttl: true,
      subject_delete_marker_ttl: 60e9,
      allow_rollup_hdrs: true,
      allow_msg_schedules: true,
      deny_delete: false,
    };

    /** A message that ends at once, whose marker is then there; a schedule; and a rollup. */
    async function fill(): Promise<void> {
      await makeStream({ subjects: [`${name}.>`], max_age: 1e9, ...settings });
      await nc.jetstream().publish(`${name}.a`, 'ends');
      await until(async () => (await jsm.streams.info(name)).state.last_seq >= 2, { what: 'the delete marker' });
      const schedule = headers();
      schedule.set('Nats-Schedule', `@at ${new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z')}`);
      schedule.set('Nats-Schedule-Target', `${name}.target`);
      await nc.jetstream().publish(`${name}.schedule`, 'later', { headers: schedule });
      const rollup = headers();
      rollup.set('Nats-Rollup', 'sub');
      await nc.jetstream().publish(`${name}.state`, 'state', { headers: rollup });
    }

    it('are acked without a call of the handler; what was published with a rollup is handled', async () => {
      await fill();
      const { reading, sink, logs } = await read();
      await reading;
      await sink.until(1);
      const settled = async () => (await jsm.consumers.info(name, 'd')).ack_floor.stream_seq >= 4;
      await until(settled, { what: 'all is settled' });
      expect(sink.texts).toEqual(['state']);
      expect(logs).toContainEqual({ level: 'info', message: expect.stringContaining("markers: 'skip'") });
    });

    it("are handled like any other with markers: 'handle'", async () => {
      await fill();
      const { reading, sink } = await read({ markers: 'handle' });
      await reading;
      await sink.until(3);
      expect(sink.texts).toEqual(['', 'later', 'state']);
      expect(sink.taken[0]?.message.headers()['Nats-Marker-Reason']).toBe('MaxAge');
    });

    it.each(['workqueue', 'interest'])('a schedule goes on though its %s stream is read', async (retention) => {
      await makeStream({ subjects: [`${name}.>`], ...settings, retention });
      const { reading, sink, logs } = await read();
      await reading;
      const schedule = headers();
      schedule.set('Nats-Schedule', '@every 1s');
      schedule.set('Nats-Schedule-Target', `${name}.target`);
      await nc.jetstream().publish(`${name}.schedule`, 'again', { headers: schedule });
      await sink.until(2);
      expect(sink.texts.slice(0, 2)).toEqual(['again', 'again']);
      expect(new Set(sink.taken.map(({ message }) => message.address))).toEqual(new Set([`${name}.target`]));
      expect(logs).toContainEqual({ level: 'info', message: expect.stringContaining('leaving schedules unsettled') });
    });
  });
});
