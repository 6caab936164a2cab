import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AckPolicy, connect, type ConsumerConfig, type JetStreamManager, type NatsConnection, StorageType } from 'nats';

import { stream, toStream } from '../../../lib/nats/index.js';
import { startNatsServer, type TestNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, Collector, start, type Started, texts } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a stream or consumer that somebody else has made', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  beforeAll(async () => {
    const deny = (what: string) => ({ password: 'pw', permissions: { publish: { deny: [what] } } });
    const auth = [
      { user: 'all', password: 'pw' },
      { user: 'no-pull', ...deny('$JS.API.CONSUMER.MSG.NEXT.>') },
      { user: 'no-ack', ...deny('$JS.ACK.>') },
    ];
    server = await startNatsServer({ jetstream: true, auth });
    nc = await connect({ servers: server.url, user: 'all', pass: 'pw' });
    jsm = await nc.jetstreamManager();
  });
  afterEach(closeAll);
  afterAll(async () => {
    await nc.close();
    await server.stop();
  });

  const as = (user = 'all') => start({ client: { servers: server.url, user, pass: 'pw' } });
  const fill = (by: Started, name: string, count: number) =>
    by.driver.publish(by.definition.destination(toStream(name)), texts(count));
  const make = async (config: Partial<ConsumerConfig> = {}) => {
    const name = uniqueName('S');
    await jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
    await jsm.consumers.add(name, { durable_name: 'd', ack_policy: AckPolicy.Explicit, ...config });
    return name;
  };
  const read = async (by: Started, name: string) => {
    const sink = new Collector(() => 'ack');
    await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
    return sink;
  };

  it.each([
    ['in number and time', { max_batch: 10, max_expires: 1e9 }],
    ['in nothing that is unsettled', { max_ack_pending: -1 }],
  ])('is read where its pulls are limited %s', async (_, config) => {
    const by = await as();
    const name = await make(config);
    await fill(by, name, 25);
    await (await read(by, name)).until(25);
    expect(by.driver.healthIssues!()).toEqual([]);
  });

  it('is read on when its limits are changed meanwhile', async () => {
    const by = await as();
    const name = await make();
    const sink = await read(by, name);
    await jsm.consumers.update(name, 'd', { max_batch: 5 });
    await fill(by, name, 1_000);
    await sink.until(1_000);
  });

  it('is read where it is a mirror, which has no subjects', async () => {
    const by = await as();
    const name = await make();
    const mirror = uniqueName('M');
    await jsm.streams.add({ name: mirror, mirror: { name }, storage: StorageType.Memory });
    await fill(by, name, 2);
    await (await read(by, mirror)).until(2);
  });

  it.each([
    ['no-pull', 'pull from it'],
    ['no-ack', 'settle what it reads'],
  ])('shows in health where this client has no permission: %s', async (user, what) => {
    const by = await as(user);
    const name = await make();
    await read(by, name);
    await fill(by, name, 1);
    await until(() => by.driver.healthIssues!().some((one) => one.includes(`no permission to ${what}`)), { what });
  });
});
