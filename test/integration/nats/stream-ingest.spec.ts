import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, DiscardPolicy, type NatsConnection, type StreamConfig } from 'nats';

import { BytesMessage, type DestinationSpec, type Driver } from '../../../lib/driver/index.js';
import { toStream } from '../../../lib/nats/index.js';
import {
  startNatsServer,
  startProxy,
  type TestNatsServer,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';
import { failures, range, results } from '../../support/nats/results.js';
import { closeAll, closeLater, ok, start, text, verdict } from './support.js';

jest.setTimeout(60_000);

const COUNT = 1_500;

whenNative(describe, 'nats')('results for a stream with allow_batched', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  beforeAll(async () => {
    const users = [
      { user: 'all', password: 'pw' },
      { user: 'some', password: 'pw', permissions: { publish: { deny: ['*.forbidden'] } } },
      { user: 'deaf', password: 'pw', permissions: { subscribe: { deny: ['HIDDEN.>'] } } },
    ];
    server = await startNatsServer({ auth: users, jetstream: true });
    nc = await connect({ servers: server.url, user: 'all', pass: 'pw' });
  });
  afterEach(closeAll);
  afterAll(async () => {
    await nc.close();
    await server.stop();
  });

  const as = (user: string, port = server.port) => ({
    client: { servers: `127.0.0.1:${port}`, user, pass: 'pw', reconnectTimeWait: 50 },
  });
  const makeStream = async (config: Partial<StreamConfig> & { allow_batched?: boolean } = {}) => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await nc.jetstreamManager();
    const all = { name, subjects: [`${name}.>`], allow_batched: true, ...config };
    await jsm.streams.add(all);
    const numbers = async (): Promise<number[]> => {
      const { state } = await jsm.streams.info(name);
      const found: number[] = [];
      if (state.messages === 0) return found;
      const consumer = await nc.jetstream().consumers.get(name);
      for await (const message of await consumer.consume()) {
        found.push(Number(message.json<{ n: string }>().n));
        if (found.length === state.messages) break;
      }
      return found;
    };
    const update = (changed: object) => jsm.streams.update(name, { ...all, ...changed });
    return { name, subject: `${name}.a`, numbers, update };
  };
  const open = async (subject: string, options: object = as('all')) => {
    const started = await start(options);
    return { ...started, to: started.definition.destination(toStream(subject)) };
  };

  it('are stored in order, and confirmed by some answers instead of one each', async () => {
    const { subject, numbers } = await makeStream();
    const { driver, to } = await open(subject);
    const native = driver.native() as NatsConnection;
    await driver.publish(to, [text('{"n":"-1"}')]);
    const before = native.stats().inMsgs;
    const outcomes = await driver.publish(to, results(COUNT));
    expect(outcomes.filter(ok).length).toBe(COUNT);
    expect(native.stats().inMsgs - before).toBeLessThan(20);
    expect(await numbers()).toEqual([-1, ...range(COUNT)]);
  });

  it('are stored once where their ids are known, and the others among them all the same', async () => {
    const { subject, numbers } = await makeStream();
    const { driver, to } = await open(subject);
    await driver.publish(to, results(100, 50));
    expect((await driver.publish(to, results(200))).every(ok)).toBe(true);
    expect((await driver.publish(to, results(200))).every(ok)).toBe(true);
    expect((await numbers()).sort((one, other) => one - other)).toEqual(range(200));
  });

  it.each([
    ['first', [0]],
    ['in the middle', [700]],
    ['last', [COUNT - 1]],
    ['several', [3, 4, 900, COUNT - 2, COUNT - 1]],
    ['all', range(COUNT)],
  ])('fail alone where the stream finds one too large, and the others keep their order: %s', async (_where, large) => {
    const { subject, numbers } = await makeStream({ max_msg_size: 450 });
    const { driver, to } = await open(subject);
    const outcomes = await driver.publish(to, results(COUNT, 0, large, 250));
    expect(failures(outcomes)).toEqual(large.map((index) => `${index} MULTI_BROKER_PAYLOAD_TOO_LARGE no`));
    expect(await numbers()).toEqual(range(COUNT).filter((number) => !large.includes(number)));
  });

  it.each([
    ['first', [0]],
    ['in the middle', [70]],
    ['last', [99]],
  ])('fail alone where one is over the server’s max_payload: %s', async (_where, large) => {
    const { subject, numbers } = await makeStream();
    const { driver, to } = await open(subject);
    const outcomes = await driver.publish(to, results(100, 0, large, 600_000));
    expect(failures(outcomes)).toEqual(large.map((index) => `${index} MULTI_BROKER_PAYLOAD_TOO_LARGE no`));
    expect(await numbers()).toEqual(range(100).filter((number) => !large.includes(number)));
  });

  it('are refused from the first one on that does not fit, and nothing overtakes it', async () => {
    const { subject, numbers, update } = await makeStream({ max_msgs: 10_000, discard: DiscardPolicy.New });
    const { driver, to } = await open(subject);
    await driver.publish(to, [text('{"n":"-1"}')]);
    // Only the server knows yet.
    await update({ max_msgs: 41 });
    const outcomes = await driver.publish(to, results(100));
    expect(outcomes.map(verdict)).toEqual([
      ...Array<string>(40).fill('ok'),
      'MULTI_BROKER_PUBLISH_REJECTED no',
      ...Array<string>(59).fill('MULTI_BROKER_NOT_CONNECTED no'),
    ]);
    expect(outcomes.slice(40).every((outcome) => 'error' in outcome && outcome.error.retryable)).toBe(true);
    expect(await numbers()).toEqual([-1, ...range(40)]);
  });

  it('are unconfirmed when the connection is lost, and stored once and in order when they are written again', async () => {
    const { subject, numbers } = await makeStream();
    const proxy = closeLater(await startProxy(server.port));
    const { driver, to, states } = await open(subject, as('all', proxy.port));
    await driver.publish(to, results(1));
    proxy.stall('toClient');
    const publishing = driver.publish(to, results(COUNT));
    await until(async () => (await numbers()).length > 500, { what: 'the stream has some' });
    proxy.cut();
    proxy.resume();
    const lost = failures(await publishing);
    expect(new Set(lost.map((line) => line.replace(/^\d+ /, '')))).toEqual(
      new Set(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe']),
    );
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    expect((await driver.publish(to, results(COUNT))).every(ok)).toBe(true);
    expect(await numbers()).toEqual(range(COUNT));
  });

  it('are unconfirmed when the server goes silent, after confirmTimeoutMs', async () => {
    const { subject } = await makeStream();
    const proxy = closeLater(await startProxy(server.port));
    const { driver, to } = await open(subject, { ...as('all', proxy.port), confirmTimeoutMs: 300 });
    await driver.publish(to, results(1));
    proxy.stall('toClient');
    const outcomes = await driver.publish(to, results(20));
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe']));
  });

  it('are stored one by one where allow_batched was turned off meanwhile', async () => {
    const { subject, numbers, update } = await makeStream();
    const { driver, to } = await open(subject);
    await driver.publish(to, results(20));
    await update({ allow_batched: false });
    expect((await driver.publish(to, results(100))).every(ok)).toBe(true);
    expect(await numbers()).toEqual(range(100));
  });

  it('are all rejected where another stream than the expected one takes the subject', async () => {
    const { subject, numbers } = await makeStream();
    const { driver, definition } = await start(as('all'));
    const to = definition.destination(toStream(subject, { stream: 'OTHER' }));
    const outcomes = await driver.publish(to, results(50));
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['MULTI_BROKER_PUBLISH_REJECTED no']));
    expect(await numbers()).toEqual([]);
  });

  it('are rejected at once where the client has no permission', async () => {
    const { name } = await makeStream();
    const { driver, to } = await open(`${name}.forbidden`, as('some'));
    const before = performance.now();
    expect(new Set((await driver.publish(to, results(20))).map(verdict))).toEqual(
      new Set(['MULTI_BROKER_PUBLISH_REJECTED no']),
    );
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  it('of bytes are stored in order as well', async () => {
    const { subject, numbers } = await makeStream();
    const { driver, to } = await open(subject);
    const bytes = results(COUNT).map(({ body, origin }) => {
      return new BytesMessage(body, 'application/x-order', origin, '/Bridge.forward', '1', 'c-1');
    });
    expect(new Set((await driver.publish(to, bytes)).map(verdict))).toEqual(new Set(['ok']));
    expect(await numbers()).toEqual(range(COUNT));
  });

  it('keep their order beside those of another process, and nothing is lost', async () => {
    const { subject, numbers } = await makeStream();
    const [one, other] = await Promise.all([open(subject), open(subject)]);
    const write = async (driver: Driver, to: DestinationSpec, from: number): Promise<void> => {
      for (let at = 0; at < 5; at++) await driver.publish(to, results(COUNT, from + at * COUNT));
    };
    await Promise.all([write(one.driver, one.to, 0), write(other.driver, other.to, 100_000)]);
    const found = await numbers();
    expect(found.filter((number) => number < 100_000)).toEqual(range(5 * COUNT));
    expect(found.filter((number) => number >= 100_000)).toEqual(range(5 * COUNT).map((number) => number + 100_000));
  });

  it('are told by receipts with a position where they are published by code', async () => {
    const { name, subject } = await makeStream();
    const { driver, to } = await open(subject);
    const outcomes = await driver.publish(
      to,
      Array.from({ length: 20 }, () => text('{"n":"1"}')),
    );
    const positions = outcomes.map((outcome) => 'receipt' in outcome && outcome.receipt.position);
    expect(positions).toEqual(range(20).map((index) => `${name}@${index + 1}`));
  });
});
