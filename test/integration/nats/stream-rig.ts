import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { connect, type ConsumerInfo, type JetStreamManager, type NatsConnection } from 'nats';

import type { SourceSpec } from '../../../lib/driver/index.js';
import { stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { type Proxy, startNatsServer, startProxy, type TestNatsServer } from '../../support/real-brokers.js';
import { closeAll, closeLater, start, type Started, texts, verdict } from './support.js';

/** A JetStream server of a spec's own, whose sources are read by a driver of ours and looked at by nats.js. */
export class StreamRig {
  server!: TestNatsServer;
  nc!: NatsConnection;

  constructor() {
    beforeAll(async () => {
      this.server = await startNatsServer({ jetstream: true });
      this.nc = await connect({ servers: this.server.url, maxReconnectAttempts: -1 });
    });
    afterEach(closeAll);
    afterAll(async () => {
      await this.nc.close();
      await this.server.stop();
    });
  }

  readonly at = (port = this.server.port) => ({ client: { servers: `127.0.0.1:${port}`, reconnectTimeWait: 50 } });

  readonly proxied = async (): Promise<Started & { readonly proxy: Proxy }> => {
    const proxy = closeLater(await startProxy(this.server.port));
    return { proxy, ...(await start(this.at(proxy.port))) };
  };

  readonly admin = (): Promise<JetStreamManager> => this.nc.jetstreamManager();

  readonly facts = async (name: string, durable = 'd'): Promise<ConsumerInfo> =>
    (await this.admin()).consumers.info(name, durable);

  /** Counts requests of anybody to the server. */
  readonly requestsTo = async (subject: string): Promise<() => number> => {
    let count = 0;
    this.nc.subscribe(subject, { callback: () => count++ });
    await this.nc.flush();
    return () => count;
  };

  readonly source = (by: Started, name: string, more: Partial<StreamOptions> = {}): SourceSpec =>
    by.definition.source(stream(name, { subjects: [name, `${name}.>`], durable: 'd', storage: 'memory', ...more }));

  readonly fill = async (by: Started, name: string, count: number, prefix?: string): Promise<void> => {
    const outcomes = await by.driver.publish(by.definition.destination(toStream(name)), texts(count, prefix));
    expect(outcomes.map(verdict).filter((one) => one !== 'ok')).toEqual([]);
  };
}

export const rejection = (promise: Promise<unknown>): Promise<Error | undefined> =>
  promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
