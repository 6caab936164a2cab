import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { StorageType } from 'nats';

import { stream } from '../../../lib/nats/index.js';
import { JetStreamServer } from '../../support/nats/jetstream-server.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, Collector, start } from './support.js';

jest.setTimeout(120_000);

/** With the server's own limit of what it keeps for a connection: 64 MB. */
whenNative(describe, 'nats')('large messages of JetStream', () => {
  const server = new JetStreamServer();
  afterEach(closeAll);

  it.each([
    [300, 500_000, 1],
    [800, 300_000, 4],
  ])(
    'do not make the server cut the connection, and core messages arrive meanwhile: %i of %i bytes on %i durables',
    async (count, size, durables) => {
      const name = uniqueName('S');
      const core = uniqueName('core');
      await server.jsm.streams.add({ name, subjects: [`${name}.*`], storage: StorageType.File });
      const body = Buffer.alloc(size);
      for (let index = 0; index < count; index++)
        await server.nc.jetstream().publish(`${name}.${index % durables}`, body);
      const by = await start({ client: { servers: server.url } });
      const [large, small] = [new Collector(() => 'ack'), new Collector(() => 'ack')];
      await by.subscribe(small, by.definition.source(core));
      const sources = Array.from({ length: durables }, (_, index) =>
        by.definition.source(stream(name, { durable: `d${index}`, filter: `${name}.${index}` })),
      );
      await by.subscribe(large, ...sources);
      let sent = 0;
      await until(
        () => {
          server.nc.publish(core, String(sent++));
          return large.taken.length >= count;
        },
        { what: 'all have come', timeoutMs: 60_000 },
      );
      await small.until(sent);
      expect(by.states).toEqual([]);
      expect(large.taken.length).toBe(count);
      await server.jsm.streams.delete(name);
    },
  );
});
