import { describe, expect, it, jest } from '@jest/globals';

import type { Driver, DestinationSpec, Outgoing } from '../../../lib/driver/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { until, whenNative } from '../../support/real-brokers.js';
import { ClusterRig, NODES } from './cluster-rig.js';
import { Collector, outside, start, text } from './support.js';

jest.setTimeout(120_000);

whenNative(describe, 'nats')('a cluster of three servers', () => {
  const rig = new ClusterRig();

  it('loses nothing when the leader of a stream is killed under load, and stores nothing twice', async () => {
    const { urls } = rig;
    const nc = await outside(urls[0]);
    await rig.makeStream(nc, { name: 'ORDERS', subjects: ['orders'], num_replicas: NODES });
    const { driver, definition, subscribe } = await start({ client: { servers: urls, reconnectTimeWait: 50 } });
    const collector = new Collector(() => 'ack');
    await subscribe(collector, definition.source(stream('ORDERS', { durable: 'd', ackWaitMs: 2_000 })));

    const writing = writeAll(driver, definition.destination(toStream('orders')), 1_000);
    await collector.until(200);
    await rig.servers[await rig.leaderOf(nc, 'ORDERS')]!.kill();
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
