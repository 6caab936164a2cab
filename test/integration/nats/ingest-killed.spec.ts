import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from 'nats';

import type { DestinationSpec, JsonMessage } from '../../../lib/driver/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { range, results } from '../../support/nats/results.js';
import { startNatsServer, type TestNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, ok, start, type Started, verdict } from './support.js';

jest.setTimeout(120_000);

/** As many as a queue of delivery hands over at once. */
const BATCH = 2_048;
/** More than one writer makes. */
const MOST = 10_000_000;
/** As often a server is killed until it had taken a part of a batch at least once. */
const MOST_KILLS = 20;

/** Results of one handler for one destination, written again from the first that is not confirmed, as delivery does. */
class Writer {
  readonly verdicts = new Set<string>();
  /** Batches of which the server had confirmed a part. */
  cutInTheMiddle = 0;
  confirmed = 0;
  /** Numbers from `from` on. */
  made = 0;
  goesOn = true;
  private left: JsonMessage[] = [];

  constructor(
    private readonly by: Started,
    private readonly to: DestinationSpec,
    readonly from: number,
  ) {}

  async writeAll(): Promise<void> {
    while (this.goesOn || this.left.length > 0) {
      await this.writeBatch();
      if (this.by.states.at(-1) !== 'reconnecting') continue;
      await until(() => this.by.states.at(-1) === 'up', { what: 'the driver reconnected', timeoutMs: 30_000 });
    }
  }

  private async writeBatch(): Promise<void> {
    const batch = this.left.length > 0 ? this.left.splice(0) : this.fresh();
    const outcomes = await this.by.driver.publish(this.to, batch);
    const failed = batch.filter((_, index) => !ok(outcomes[index]));
    for (const outcome of outcomes) {
      const again = 'error' in outcome && !outcome.error.retryable ? ', for good' : '';
      this.verdicts.add(`${verdict(outcome)}${again}`);
    }
    if (failed.length > 0 && failed.length < batch.length) this.cutInTheMiddle++;
    this.confirmed += batch.length - failed.length;
    this.left = failed;
  }

  private fresh(): JsonMessage[] {
    this.made += BATCH;
    return results(BATCH, this.from + this.made - BATCH);
  }
}

whenNative(describe, 'nats')('a server that is killed while it takes batches', () => {
  let server: TestNatsServer;
  beforeEach(async () => {
    server = await startNatsServer({ jetstream: true });
  });
  afterEach(async () => {
    await closeAll();
    await server.stop();
  });

  const open = () => start({ client: { servers: server.url, reconnectTimeWait: 50 } });
  const killAndStart = async (
    signal: NodeJS.Signals,
    writers: readonly Writer[],
    drivers: readonly Started[],
  ): Promise<void> => {
    const count = () => writers.reduce((sum, { confirmed }) => sum + confirmed, 0);
    const before = count();
    await until(() => count() > before + 2 * BATCH, { what: 'writers go on', timeoutMs: 30_000 });
    const native = drivers[0]!.driver.native() as NatsConnection;
    const answers = native.stats().inMsgs;
    // Four batches at once have some 20 answers each.
    while (native.stats().inMsgs < answers + 15) await new Promise(setImmediate);
    await server.kill(signal);
    await server.start();
  };

  it.each([
    ['SIGKILL', 5],
    ['SIGTERM', 2],
  ] as const)(
    'loses nothing that was confirmed, and stores what is written again once and in order: %s',
    async (signal, times) => {
      const name = uniqueName('S').replaceAll('-', '_');
      const admin = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
      const jsm = await admin.jetstreamManager();
      const config = { name, subjects: [`${name}.>`], allow_batched: true };
      await jsm.streams.add(config);
      const drivers = [await open(), await open()];
      const writers = drivers.flatMap((by, at) =>
        [0, 1].map((lane) => {
          const subject = `${name}.${at}.${lane}`;
          return new Writer(by, by.definition.destination(toStream(subject)), (2 * at + lane) * MOST);
        }),
      );

      const written = Promise.all(writers.map((writer) => writer.writeAll()));
      const cuts = () => writers.reduce((sum, { cutInTheMiddle }) => sum + cutInTheMiddle, 0);
      for (let kill = 0; kill < times || (cuts() === 0 && kill < MOST_KILLS); kill++) {
        await killAndStart(signal, writers, drivers);
      }
      for (const writer of writers) writer.goesOn = false;
      await written;

      const { state } = await jsm.streams.info(name);
      const found = new Map<string, number[]>();
      const consumer = await admin.jetstream().consumers.get(name);
      let left = state.messages;
      for await (const message of await consumer.consume({ max_messages: 10_000 })) {
        const numbers = found.get(message.subject) ?? [];
        found.set(message.subject, numbers);
        numbers.push(Number(message.json<{ n: string }>().n));
        if (--left === 0) break;
      }
      await admin.close();
      const expected = writers.map(({ made, from }) => range(made, from));
      expect([...found.keys()].sort().map((subject) => found.get(subject))).toEqual(expected);
      expect(cuts()).toBeGreaterThan(0);
      const verdicts = new Set(writers.flatMap((writer) => [...writer.verdicts]));
      expect([...verdicts].filter((one) => one.endsWith('for good'))).toEqual([]);
      expect(verdicts).toContain('MULTI_BROKER_PUBLISH_UNCONFIRMED maybe');
    },
  );
});
