import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type JetStreamManager, type NatsConnection, StorageType } from 'nats';

import { stream } from '../../../lib/nats/index.js';
import { startNatsServer, type TestNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, Collector, start } from './support.js';

jest.setTimeout(120_000);

/** With the server's own limit of what it keeps for a connection: 64 MB. */
whenNative(describe, 'nats')('large messages of JetStream', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true });
    nc = await connect({ servers: server.url });
    jsm = await nc.jetstreamManager();
  });
  afterEach(closeAll);
  afterAll(async () => {
    await nc.close();
    await server.stop();
  });

  it.each([
    [300, 500_000, 1],
    [800, 300_000, 4],
  ])(
    'do not make the server cut the connection, and core messages arrive meanwhile: %i of %i bytes on %i durables',
    async (count, size, durables) => {
      const name = uniqueName('S');
      const core = uniqueName('core');
      await jsm.streams.add({ name, subjects: [`${name}.*`], storage: StorageType.File });
      const body = Buffer.alloc(size);
      for (let index = 0; index < count; index++) await nc.jetstream().publish(`${name}.${index % durables}`, body);
      const by = await start({ client: { servers: server.url } });
      const [large, small] = [new Collector(() => 'done'), new Collector(() => 'done')];
      await by.subscribe(small, by.definition.source(core));
      const sources = Array.from({ length: durables }, (_, index) =>
        by.definition.source(stream(name, { durable: `d${index}`, filter: `${name}.${index}` })),
      );
      await by.subscribe(large, ...sources);
      let sent = 0;
      await until(
        () => {
          nc.publish(core, String(sent++));
          return large.taken.length >= count;
        },
        { what: 'all have come', timeoutMs: 60_000 },
      );
      await small.until(sent);
      expect(by.states).toEqual([]);
      expect(large.taken.length).toBe(count);
      await jsm.streams.delete(name);
    },
  );
});
