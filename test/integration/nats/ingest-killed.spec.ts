import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from 'nats';

import { range } from '../../support/nats/results.js';
import { startNatsServer, type TestNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { BATCH, ResultWriter, storedNumbers } from './result-writer.js';
import { closeAll, start, type Started } from './support.js';

jest.setTimeout(120_000);

/** As often a server is killed until it had taken a part of a batch at least once. */
const MOST_KILLS = 20;

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
    writers: readonly ResultWriter[],
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
        [0, 1].map((lane) => new ResultWriter(by, `${name}.${at}.${lane}`, 2 * at + lane)),
      );

      const written = Promise.all(writers.map((writer) => writer.writeAll()));
      const cuts = () => writers.reduce((sum, { cutInTheMiddle }) => sum + cutInTheMiddle, 0);
      for (let kill = 0; kill < times || (cuts() === 0 && kill < MOST_KILLS); kill++) {
        await killAndStart(signal, writers, drivers);
      }
      for (const writer of writers) writer.goesOn = false;
      await written;

      const found = await storedNumbers(admin, name);
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
