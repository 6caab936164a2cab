import { afterAll, beforeAll } from '@jest/globals';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { type NatsServerOptions, startNatsServer, type TestNatsServer } from '../real-brokers.js';

/** A JetStream server of a spec's own, which is there from its first test to its last one, and nats.js to look at it. */
export class JetStreamServer {
  nc!: NatsConnection;
  jsm!: JetStreamManager;
  private server!: TestNatsServer;

  constructor(options: NatsServerOptions = {}) {
    beforeAll(async () => {
      this.server = await startNatsServer({ jetstream: true, ...options });
      this.nc = await connect({ servers: this.server.url });
      this.jsm = await this.nc.jetstreamManager();
    });
    afterAll(async () => {
      await this.nc.close();
      await this.server.stop();
    });
  }

  get url(): string {
    return this.server.url;
  }
}
