import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AckPolicy, connect, type NatsConnection, StorageType } from 'nats';

import { type Clock, systemClock } from '../../../lib/async/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { ReloadedServer } from './reloaded-server.js';
import { closeAll, Collector, start, texts, verdict } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a permission that is taken away and given back while the application runs', () => {
  let reloaded: ReloadedServer;
  let nc: NatsConnection;

  const lines = (permissions: object): string => {
    const users = [
      { user: 'all', password: 'pw' },
      { user: 'app', password: 'pw', permissions },
    ];
    return `authorization: ${JSON.stringify({ users })}\n`;
  };
  const deny = (permissions: object) => reloaded.reload(lines(permissions));

  beforeAll(async () => {
    reloaded = await ReloadedServer.start(lines({}));
    nc = await connect({ servers: reloaded.server.url, user: 'all', pass: 'pw' });
  });
  afterEach(async () => {
    await closeAll();
    await deny({});
  });
  afterAll(async () => {
    await nc.close();
    await reloaded.stop();
  });

  const app = (clock?: Clock, confirmTimeoutMs?: number) => {
    const client = { servers: reloaded.server.url, user: 'app', pass: 'pw' };
    return start({ client, ...(confirmTimeoutMs !== undefined && { confirmTimeoutMs }) }, clock);
  };

  it('to subscribe: a core subject is read again without a reconnect', async () => {
    const by = await app();
    const subject = uniqueName('core');
    const sink = new Collector();
    await by.subscribe(sink, by.definition.source(subject));
    await deny({ subscribe: { deny: [subject] } });
    const issues = () => by.driver.healthIssues!();
    await until(() => issues().length > 0, { what: 'health says that it is not read' });
    await deny({});
    await until(() => issues().length === 0, { what: 'health is well again', timeoutMs: 20_000 });
    nc.publish(subject, 'again');
    await sink.until(1);
    expect([by.states, by.logs.map(({ level }) => level)]).toEqual([[], ['info', 'error', 'info']]);
  });

  it.each([
    ['pull from it', '$JS.API.CONSUMER.MSG.NEXT.>'],
    ['settle what it reads', '$JS.ACK.>'],
  ])('to %s: health is well again without a reconnect', async (what, subject) => {
    const by = await app();
    const name = uniqueName('S').replaceAll('-', '_');
    const sink = new Collector(() => 'ack');
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
    const limits = { max_expires: 2e9, ack_wait: 1e9 };
    await jsm.consumers.add(name, { durable_name: 'd', ack_policy: AckPolicy.Explicit, ...limits });
    await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
    await deny({ publish: { deny: [subject] } });
    const issues = () => by.driver.healthIssues!();
    await by.driver.publish(by.definition.destination(toStream(name)), texts(1));
    await until(() => issues().some((one) => one.includes(`no permission to ${what}`)), { what, timeoutMs: 20_000 });
    await deny({});
    await sink.until(1, 20_000);
    await until(() => issues().length === 0, { what: 'health is well again', timeoutMs: 20_000 });
    expect(by.states).toEqual([]);
  });

  describe("to use JetStream's API", () => {
    let aheadMs = 0;
    const clock: Clock = { now: () => systemClock.now() + aheadMs, after: systemClock.after };
    const refuse = () => deny({ publish: { deny: ['$JS.API.>'] } });
    const giveBack = async () => {
      await deny({});
      aheadMs += 60_000;
    };
    const add = async (duplicateWindowS: number) => {
      const name = uniqueName('S').replaceAll('-', '_');
      const jsm = await nc.jetstreamManager();
      const duplicate_window = duplicateWindowS * 1e9;
      await jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory, duplicate_window });
      return name;
    };
    const repeated = async (act: () => Promise<unknown>) => {
      for (let time = 0; time < 3; time++) await act();
    };

    it('a stream that captures a core subject is warned of, a minute later', async () => {
      const name = await add(120);
      await refuse();
      const { driver, definition, logs } = await app(clock);
      const publish = () => driver.publish(definition.destination(name), texts(1));
      await repeated(publish);
      expect(logs).toEqual([]);
      await giveBack();
      const warned = async () => (await publish(), logs.some(({ message }) => message.includes(`captures '${name}'`)));
      await until(warned, { what: 'the warning is there', everyMs: 50 });
    });

    it('a stream that hardly remembers ids is warned of, a minute later', async () => {
      const name = await add(1);
      await refuse();
      const { driver, definition, logs } = await app(clock);
      const publish = () => driver.publish(definition.destination(toStream(name)), texts(1));
      await repeated(publish);
      expect(logs).toEqual([]);
      await giveBack();
      const warned = async () => (await publish(), logs.some(({ message }) => message.includes('duplicate_window')));
      await until(warned, { what: 'the warning is there', everyMs: 50 });
    });

    it('a subject that no stream captures is told from one that is not confirmed, a minute later', async () => {
      const subject = uniqueName('uncaptured');
      nc.subscribe(subject);
      await nc.flush();
      await refuse();
      const { driver, definition } = await app(clock, 200);
      const to = definition.destination(toStream(subject));
      const published = async () => verdict((await driver.publish(to, texts(1)))[0]);
      expect(await published()).toBe('MULTI_BROKER_PUBLISH_UNCONFIRMED maybe');
      await giveBack();
      const told = async () => (await published()) === 'MULTI_BROKER_DESTINATION_UNKNOWN no';
      await until(told, { what: 'that no stream captures it' });
    });
  });
});
