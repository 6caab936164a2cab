import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NatsConnection } from 'nats';

import type { Driver, DestinationSpec, Outgoing } from '../../../lib/driver/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { freePorts, startNatsServer, type TestNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, Collector, outside, start, text } from './support.js';

jest.setTimeout(120_000);

const NODES = 3;

whenNative(describe, 'nats')('a cluster of three servers', () => {
  let servers: TestNatsServer[] = [];
  beforeEach(async () => {
    const routes = await freePorts(NODES);
    const urls = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
    servers = await Promise.all(
      routes.map((port, index) => {
        const cluster = `cluster { name: c, listen: "127.0.0.1:${port}", routes: [${urls}] }`;
        return startNatsServer({ jetstream: true, config: `server_name: n${index}\n${cluster}` });
      }),
    );
  });
  afterEach(async () => {
    await closeAll();
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** Once the cluster has elected a leader of its own. */
  const makeStream = (nc: NatsConnection) =>
    until(
      async () => {
        const jsm = await nc.jetstreamManager();
        await jsm.streams.add({ name: 'ORDERS', subjects: ['orders'], num_replicas: NODES });
        return true;
      },
      { what: 'the stream is made', timeoutMs: 60_000, everyMs: 200 },
    );

  const leaderOf = async (nc: NatsConnection): Promise<TestNatsServer> => {
    const { cluster } = await (await nc.jetstreamManager()).streams.info('ORDERS');
    return servers[Number(cluster?.leader?.slice(1))]!;
  };

  it('loses nothing when the leader of a stream is killed under load, and stores nothing twice', async () => {
    const urls = servers.map(({ url }) => url);
    const nc = await outside(urls[0]);
    await makeStream(nc);
    const { driver, definition, subscribe } = await start({ client: { servers: urls, reconnectTimeWait: 50 } });
    const collector = new Collector(() => 'ack');
    await subscribe(collector, definition.source(stream('ORDERS', { durable: 'd', ackWaitMs: 2_000 })));

    const writing = writeAll(driver, definition.destination(toStream('orders')), 1_000);
    await collector.until(200);
    await (await leaderOf(nc)).kill();
    await writing;

    const expected = Array.from({ length: 1_000 }, (_, index) => String(index));
    await until(() => new Set(collector.texts).size === 1_000, { what: 'all have arrived', timeoutMs: 60_000 });
    expect([...new Set(collector.texts)].sort(byNumber)).toEqual(expected);
    const { state } = await (await nc.jetstreamManager()).streams.info('ORDERS');
    expect(state.messages).toBe(1_000);
  });
});

const byNumber = (one: string, other: string): number => Number(one) - Number(other);

/** As delivery does it: what failed retriably is written again with its dedupe id, before what comes later. */
async function writeAll(driver: Driver, to: DestinationSpec, count: number): Promise<void> {
  for (let next = 0; next < count; next++) {
    const message = text(String(next), { dedupeId: `id-${next}` });
    await until(() => isWritten(driver, to, message), { what: `${next} is written`, timeoutMs: 60_000, everyMs: 50 });
  }
}

async function isWritten(driver: Driver, to: DestinationSpec, message: Outgoing): Promise<boolean> {
  const [outcome] = await driver.publish(to, [message]);
  if (outcome !== undefined && 'error' in outcome) throw outcome.error;
  return true;
}
