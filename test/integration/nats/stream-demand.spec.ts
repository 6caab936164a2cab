import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AckPolicy, type ConsumerConfig, StorageType } from 'nats';

import type { Lane } from '../../../lib/driver/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { JetStreamServer } from '../../support/nats/jetstream-server.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, Collector, start, type Started, texts } from './support.js';

jest.setTimeout(60_000);

/** It asks for so many as soon as its lane is there. */
class Asking extends Collector {
  constructor(
    private readonly first: number,
    ...rest: ConstructorParameters<typeof Collector>
  ) {
    super(...rest);
  }

  override opened(lane: Lane): void {
    super.opened(lane);
    lane.demand!(this.first);
  }
}

whenNative(describe, 'nats')('a JetStream lane and what is asked of it', () => {
  const server = new JetStreamServer({ maxPayload: 8_000_000 });
  afterEach(closeAll);

  const as = () => start({ client: { servers: server.url } });
  const make = async (config: Partial<ConsumerConfig> = {}) => {
    const name = uniqueName('S');
    await server.jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
    await server.jsm.consumers.add(name, { durable_name: 'd', ack_policy: AckPolicy.Explicit, ...config });
    return name;
  };
  const fill = (by: Started, name: string, count: number) =>
    by.driver.publish(by.definition.destination(toStream(name)), texts(count));
  const read = (by: Started, name: string, sink: Collector) =>
    by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
  const facts = (name: string) => server.jsm.consumers.info(name, 'd');

  it('hands over no more than is asked for', async () => {
    const by = await as();
    const name = await make();
    await fill(by, name, 100);
    const sink = new Asking(3, () => 'ack');
    await read(by, name, sink);
    await sink.until(3);
    sink.lanes[0]!.demand!(20);
    await sink.until(23);
    await until(async () => (await facts(name)).num_waiting === 0, { what: 'nothing is asked for' });
    expect([sink.taken.length, (await facts(name)).delivered.consumer_seq]).toEqual([23, 23]);
  });

  it('asks for nothing while none is wanted, gives back what comes all the same, and goes on', async () => {
    const [by, other] = [await as(), await as()];
    const name = await make({ ack_wait: 60e9 });
    const sink = new Asking(50, () => 'ack');
    await read(by, name, sink);
    await until(async () => (await facts(name)).num_waiting === 1, { what: 'its pull waits' });
    const published = fill(by, name, 40);
    sink.lanes[0]!.demand!(0);
    await published;
    const peer = new Asking(50, () => 'ack');
    await read(other, name, peer);
    await until(() => peer.taken.length + sink.taken.length >= 40, { what: 'each message has come' });
    const before = sink.taken.length;
    await fill(by, name, 10);
    await peer.until(50 - before);
    expect(sink.taken.length).toBe(before);
    peer.lanes[0]!.demand!(0);
    sink.lanes[0]!.demand!(50);
    await fill(by, name, 10);
    await sink.until(before + 10);
  });

  it('keeps no more than a quarter of max_ack_pending waiting, and none where deliveries are counted', async () => {
    const by = await as();
    const ahead = async (config: Partial<ConsumerConfig>) => {
      const sink = new Asking(1);
      await read(by, await make(config), sink);
      return sink.lanes[0]!.maxPrefetch;
    };
    expect(await ahead({})).toBe(250);
    expect(await ahead({ max_ack_pending: 40 })).toBe(10);
    expect(await ahead({ max_deliver: 3 })).toBe(0);
  });

  it('keeps no more than 8 MiB waiting', async () => {
    const by = await as();
    const name = await make();
    const sink = new Asking(10, () => 'ack');
    await read(by, name, sink);
    for (let index = 0; index < 30; index++) server.nc.publish(name, Buffer.alloc(1_000_000));
    await sink.until(10);
    expect(sink.lanes[0]!.maxPrefetch).toBeLessThanOrEqual(10);
  });

  it('reads messages that are larger than what one pull may bring, in order, between small ones', async () => {
    const by = await as();
    const name = await make();
    const sizes = [10, 7_000_000, 20, 7_000_000, 7_000_000, 30];
    for (const size of sizes) await server.nc.jetstream().publish(name, Buffer.alloc(size));
    const sink = new Asking(250, () => 'ack');
    await read(by, name, sink);
    await sink.until(sizes.length);
    expect(sink.taken.map(({ message }) => message.body!.length)).toEqual(sizes);
    expect(by.driver.healthIssues!()).toEqual([]);
  });
});
