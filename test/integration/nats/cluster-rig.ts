import { afterEach, beforeEach } from '@jest/globals';
import type { NatsConnection, StreamConfig } from 'nats';

import { freePorts, startNatsServer, type TestNatsServer, until } from '../../support/real-brokers.js';
import { closeAll } from './support.js';

export const NODES = 3;

/** A JetStream cluster of each test's own. */
export class ClusterRig {
  servers: TestNatsServer[] = [];

  constructor() {
    beforeEach(async () => {
      const routes = await freePorts(NODES);
      const urls = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
      this.servers = await Promise.all(
        routes.map((port, index) => {
          const cluster = `cluster { name: c, listen: "127.0.0.1:${port}", routes: [${urls}] }`;
          return startNatsServer({ jetstream: true, config: `server_name: n${index}\n${cluster}` });
        }),
      );
    });
    afterEach(async () => {
      await closeAll();
      await Promise.all(this.servers.map((server) => server.stop()));
    });
  }

  get urls(): string[] {
    return this.servers.map(({ url }) => url);
  }

  /** Once the cluster has elected a leader of its own. */
  makeStream(nc: NatsConnection, config: Partial<StreamConfig> & { allow_batched?: boolean }): Promise<boolean> {
    const make = async (): Promise<boolean> => {
      await (await nc.jetstreamManager()).streams.add(config);
      return true;
    };
    return until(make, { what: 'the stream is made', timeoutMs: 60_000, everyMs: 200 });
  }

  /** The index of the server that leads the stream. */
  async leaderOf(nc: NatsConnection, stream: string): Promise<number> {
    const { cluster } = await (await nc.jetstreamManager()).streams.info(stream);
    return Number(cluster?.leader?.slice(1));
  }
}
