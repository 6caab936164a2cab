import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, createInbox, type NatsConnection } from 'nats';

import { toStream } from '../../../lib/nats/index.js';
import { range, results } from '../../support/nats/results.js';
import { startNatsServer, type TestNatsServer, uniqueName, whenNative } from '../../support/real-brokers.js';
import { closeAll, ok, start, type Started } from './support.js';

jest.setTimeout(60_000);

const BATCH = 500;
const BATCHES = 8;

/** A server limits its open batches, by default to 1,000 of a stream and 50,000 in all; this one sooner. */
whenNative(describe, 'nats')('a server that takes two batches of a stream at once, and three in all', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  const storeDir = mkdtempSync(path.join(tmpdir(), 'multi-broker-ingest-limits-'));
  beforeAll(async () => {
    const limits = 'limits { batch { max_inflight_per_stream: 2, max_inflight_total: 3 } }';
    server = await startNatsServer({ config: `jetstream { store_dir: "${storeDir}", max_file: 1G, ${limits} }` });
    nc = await connect({ servers: server.url });
  });
  afterEach(async () => {
    const { streams } = await nc.jetstreamManager();
    await Promise.all([closeAll(), ...made.splice(0).map((name) => streams.delete(name))]);
  });
  afterAll(async () => {
    await nc.close();
    await server.stop();
    rmSync(storeDir, { recursive: true, force: true });
  });

  const made: string[] = [];
  const makeStream = async (): Promise<string> => {
    const name = uniqueName('S').replaceAll('-', '_');
    made.push(name);
    await (await nc.jetstreamManager()).streams.add({ name, subjects: [`${name}.>`], ...{ allow_batched: true } });
    return name;
  };
  const numbersOf = async (name: string): Promise<Map<string, number[]>> => {
    const found = new Map<string, number[]>();
    let left = (await (await nc.jetstreamManager()).streams.info(name)).state.messages;
    const consumer = await nc.jetstream().consumers.get(name);
    for await (const message of await consumer.consume()) {
      const some = found.get(message.subject) ?? [];
      found.set(message.subject, some);
      some.push(Number(message.json<{ n: string }>().n));
      if (--left === 0) break;
    }
    return found;
  };
  const open = () => start({ client: { servers: server.url } });
  const write = async ({ driver, definition }: Started, subject: string, from: number): Promise<boolean> => {
    const to = definition.destination(toStream(subject));
    for (let at = 0; at < BATCHES; at++) {
      const outcomes = await driver.publish(to, results(BATCH, from + at * BATCH));
      if (!outcomes.every(ok)) return false;
    }
    return true;
  };

  /** Opens batches that are not ended before the test is over; the server would wait 10 s for more of them. */
  const hold = async (name: string, count: number): Promise<void> => {
    for (const at of range(count)) {
      // ADR-50: `<inbox>.<batch>.<flow>.<gap mode>.<sequence>.<operation>.$FI`, operation 0 begins.
      const reply = `${createInbox()}.held${at}.500.fail.1.0.$FI`;
      const answers = nc.subscribe(reply, { max: 1 });
      nc.publish(`${name}.held`, '{"n":"0"}', { reply });
      for await (const answer of answers) expect(answer.json()).toMatchObject({ type: 'ack', seq: 0 });
    }
  };
  const expectAll = async (name: string, writers: number): Promise<void> => {
    const found = await numbersOf(name);
    const expected = range(writers).map((at) => range(BATCH * BATCHES, at * BATCH * BATCHES));
    expect(range(writers).map((at) => found.get(`${name}.${at}`))).toEqual(expected);
  };
  const writtenBy = ({ driver }: Started): number => (driver.native() as NatsConnection).stats().outMsgs;

  it.each([
    ['of the stream', 2, 0],
    ['in all', 1, 2],
  ])('confirms results as single publishes while it has too many %s, once and in order', async (_of, own, others) => {
    const [name, other] = [await makeStream(), await makeStream()];
    await hold(name, own);
    await hold(other, others);
    const by = await open();
    expect(await write(by, `${name}.0`, 0)).toBe(true);
    await expectAll(name, 1);
    // One batch is refused; those of the next seconds are not tried.
    expect(writtenBy(by)).toBeLessThan(BATCH * (BATCHES + 2));
    expect(by.logs).toEqual([{ level: 'debug', message: expect.stringContaining(`stream ${name}`) }]);
  });

  it('confirms all results of several connections and streams that open batches at once, and nobody is warned', async () => {
    const streams = await Promise.all(range(3).map(makeStream));
    const drivers = await Promise.all(range(4).map(open));
    const all = drivers.flatMap((by, at) => streams.map((name) => ({ by, at, name, subject: `${name}.${at}` })));
    const written = await Promise.all(all.map(({ by, at, subject }) => write(by, subject, at * BATCH * BATCHES)));
    expect(written.every(Boolean)).toBe(true);
    for (const name of streams) await expectAll(name, drivers.length);
    expect(drivers.flatMap(({ logs }) => logs.filter(({ level }) => level !== 'debug'))).toEqual([]);
  });
});
