import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, DiscardPolicy, type NatsConnection, StorageType, type StreamConfig } from 'nats';
import { setImmediate as turn } from 'node:timers/promises';

import { toStream } from '../../../lib/nats/index.js';
import {
  startNatsServer,
  startProxy,
  type TestNatsServer,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';
import { closeAll, closeLater, start, text, texts, verdict } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a publish to a stream', () => {
  let server: TestNatsServer;
  beforeAll(async () => {
    const users = [
      { user: 'all', password: 'pw' },
      { user: 'some', password: 'pw', permissions: { publish: { deny: ['forbidden.>'] } } },
      { user: 'writer', password: 'pw', permissions: { publish: { deny: ['$JS.API.>'] } } },
      { user: 'deaf', password: 'pw', permissions: { subscribe: { deny: ['_INBOX.>'] } } },
    ];
    server = await startNatsServer({ auth: users, jetstream: true });
  });
  afterEach(closeAll);
  afterAll(() => server.stop());

  const as = (user: string, port = server.port) => ({
    client: { servers: `127.0.0.1:${port}`, user, pass: 'pw', reconnectTimeWait: 50 },
  });
  const admin = async (): Promise<NatsConnection> =>
    closeLater(await connect({ servers: server.url, user: 'all', pass: 'pw', maxReconnectAttempts: -1 }));
  const makeStream = async (subjects: string[], config: Partial<StreamConfig> = {}) => {
    const name = uniqueName('S');
    const nc = await admin();
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name, subjects, ...config });
    return { name, nc, jsm, count: async () => (await jsm.streams.info(name)).state.messages };
  };

  it('is refused where no stream takes the subject, and says that a repetition is no use', async () => {
    const { driver, definition } = await start(as('all'));
    const [outcome] = await driver.publish(definition.destination(toStream('nobody.here')), [text('a')]);
    expect(outcome).toMatchObject({
      error: { code: 'MULTI_BROKER_DESTINATION_UNKNOWN', written: 'no', retryable: false },
    });
  });

  it('is refused at once where no stream takes the subject though somebody subscribes to it', async () => {
    const nc = await admin();
    const heard: string[] = [];
    nc.subscribe('only.heard', { callback: (_, message) => void heard.push(message.string()) });
    await nc.flush();
    const { driver, definition } = await start(as('all'));
    const before = performance.now();
    const outcomes = await driver.publish(definition.destination(toStream('only.heard')), [text('a')]);
    expect(outcomes.map(verdict)).toEqual(['MULTI_BROKER_DESTINATION_UNKNOWN no']);
    expect(performance.now() - before).toBeLessThan(2_000);
    await nc.flush();
    expect(heard).toEqual([]);
  });

  it('is refused when the stream was deleted meanwhile', async () => {
    const { name, jsm } = await makeStream(['deleted.>']);
    const { driver, definition } = await start(as('all'));
    const to = definition.destination(toStream('deleted.a'));
    expect((await driver.publish(to, [text('a')])).map(verdict)).toEqual(['ok']);
    await jsm.streams.delete(name);
    const [outcome] = await driver.publish(to, [text('b')]);
    expect(outcome).toMatchObject({ error: { code: 'MULTI_BROKER_DESTINATION_UNKNOWN', retryable: false } });
  });

  it('is unconfirmed once, and refused from then on, where the stream was deleted and somebody subscribes', async () => {
    const { name, nc, jsm } = await makeStream(['vanished']);
    const { driver, definition } = await start({ ...as('all'), confirmTimeoutMs: 300 });
    const to = definition.destination(toStream('vanished'));
    expect((await driver.publish(to, [text('a')])).map(verdict)).toEqual(['ok']);
    nc.subscribe('vanished', { callback: () => undefined });
    await nc.flush();
    await jsm.streams.delete(name);
    expect((await driver.publish(to, [text('b')])).map(verdict)).toEqual(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe']);
    expect((await driver.publish(to, [text('b')])).map(verdict)).toEqual(['MULTI_BROKER_DESTINATION_UNKNOWN no']);
  });

  it('may be repeated where nobody answers though JetStream knows the stream: it may be about to come back', async () => {
    const { driver, definition } = await start(as('writer'));
    const [outcome] = await driver.publish(definition.destination(toStream('nobody.asked')), [text('a')]);
    expect(outcome).toMatchObject({
      error: { code: 'MULTI_BROKER_DESTINATION_UNKNOWN', written: 'no', retryable: true },
    });
  });

  it('works for a client that may not use JetStream’s API', async () => {
    const { name } = await makeStream(['blind.>']);
    const { driver, definition } = await start(as('writer'));
    const outcomes = await driver.publish(definition.destination(toStream('blind.a')), [text('a')]);
    expect(outcomes).toEqual([{ receipt: { position: `${name}@1` } }]);
  });

  it('is rejected where another stream than the expected one takes the subject', async () => {
    const { count } = await makeStream(['expected.>']);
    const { driver, definition } = await start(as('all'));
    const [outcome] = await driver.publish(definition.destination(toStream('expected.a', { stream: 'OTHER' })), [
      text('a'),
    ]);
    expect(outcome).toMatchObject({
      error: { code: 'MULTI_BROKER_PUBLISH_REJECTED', written: 'no', retryable: false },
    });
    expect(await count()).toBe(0);
  });

  it('is rejected by a full stream, and may be repeated when there is room; each message has its own outcome', async () => {
    const { count } = await makeStream(['full'], { max_msgs: 2, discard: DiscardPolicy.New });
    const { driver, definition } = await start(as('all'));
    const outcomes = await driver.publish(definition.destination(toStream('full')), texts(3));
    expect(outcomes.map(verdict)).toEqual(['ok', 'ok', 'MULTI_BROKER_PUBLISH_REJECTED no']);
    expect(outcomes[2]).toMatchObject({ error: { retryable: true } });
    expect(await count()).toBe(2);
  });

  it('is refused as too large by the stream’s own limit', async () => {
    await makeStream(['small'], { max_msg_size: 100 });
    const { driver, definition } = await start(as('all'));
    const outcomes = await driver.publish(definition.destination(toStream('small')), [
      text('x'.repeat(200)),
      text('y'),
    ]);
    expect(outcomes.map(verdict)).toEqual(['MULTI_BROKER_PAYLOAD_TOO_LARGE no', 'ok']);
  });

  it('is rejected at once where the client has no permission', async () => {
    await makeStream(['forbidden.>']);
    const { driver, definition } = await start(as('some'));
    const before = performance.now();
    const outcomes = await driver.publish(definition.destination(toStream('forbidden.a')), texts(2));
    expect(outcomes.map(verdict)).toEqual(Array(2).fill('MULTI_BROKER_PUBLISH_REJECTED no'));
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  it('is unconfirmed at once where the client may not hear the stream’s answer', async () => {
    const { name, count } = await makeStream(['unheard.>']);
    const { driver, definition } = await start({ ...as('deaf'), jetstream: { timeout: 300 } });
    const before = performance.now();
    const [outcome] = await driver.publish(definition.destination(toStream('unheard.a')), [text('a')]);
    expect(outcome).toMatchObject({ error: { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', retryable: false } });
    expect(performance.now() - before).toBeLessThan(3_000);
    expect([name, await count()]).toEqual([name, 1]);
  });

  it('is unconfirmed when the connection is lost before the PubAck, and stored once when repeated under its id', async () => {
    const { count } = await makeStream(['repeat']);
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition, states } = await start(as('all', proxy.port));
    const to = definition.destination(toStream('repeat'));
    await driver.publish(to, [text('first')]);
    proxy.stall('toClient');
    const message = text('again', { dedupeId: 'id-1' });
    const publishing = driver.publish(to, [message]);
    await until(async () => (await count()) === 2, { what: 'the stream has it' });
    proxy.cut();
    proxy.resume();
    expect((await publishing).map(verdict)).toEqual(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe']);
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    expect(await driver.publish(to, [message])).toMatchObject([{ receipt: { duplicate: true } }]);
    expect(await count()).toBe(2);
  });

  it('writes nothing more of a batch whose connection was lost, for that would be another order', async () => {
    const { count } = await makeStream(['order'], { storage: StorageType.Memory });
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition, states } = await start(as('all', proxy.port));
    const to = definition.destination(toStream('order'));
    await driver.publish(to, [text('first')]);
    proxy.stall('toServer');
    const publishing = driver.publish(to, texts(9_000));
    await turn();
    proxy.cut();
    proxy.resume();
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    expect(new Set((await publishing).map(verdict))).toEqual(
      new Set(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe', 'MULTI_BROKER_NOT_CONNECTED no']),
    );
    expect(await count()).toBe(1);
  });

  it('is unconfirmed when the server goes silent, after confirmTimeoutMs', async () => {
    await makeStream(['silent']);
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition } = await start({ ...as('all', proxy.port), confirmTimeoutMs: 300 });
    const to = definition.destination(toStream('silent'));
    await driver.publish(to, [text('first')]);
    proxy.stall('toClient');
    const [outcome] = await driver.publish(to, [text('A')]);
    expect(outcome).toMatchObject({
      error: { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe', retryable: true },
    });
  });

  it('is rejected at once while there is no connection, and never arrives', async () => {
    const { count } = await makeStream(['down']);
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition, states } = await start(as('all', proxy.port));
    proxy.refuse();
    await until(() => states.at(-1) === 'reconnecting', { what: 'the driver noticed' });
    const to = definition.destination(toStream('down'));
    expect((await driver.publish(to, [text('A')])).map(verdict)).toEqual(['MULTI_BROKER_NOT_CONNECTED no']);
    proxy.resume();
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    expect((await driver.publish(to, [text('B')])).map(verdict)).toEqual(['ok']);
    expect(await count()).toBe(1);
  });

  it('warns of a short duplicate window', async () => {
    const { name } = await makeStream(['short'], { duplicate_window: 5e9 });
    await makeStream(['long'], { duplicate_window: 120e9 });
    const { driver, definition, logs } = await start(as('all'));
    await driver.publish(definition.destination(toStream('long')), [text('a')]);
    await driver.publish(definition.destination(toStream('short')), [text('a')]);
    await until(() => logs.length > 0, { what: 'the warning is there' });
    expect(logs).toEqual([
      { level: 'warn', message: expect.stringContaining(`stream ${name} remembers dedupe ids for only 5 s`) },
    ]);
  });

  it('warns of a stream that sources others, which has no duplicate window unless it is given one', async () => {
    const { name: origin } = await makeStream(['origin']);
    const { name, count } = await makeStream(['merged'], { sources: [{ name: origin }] });
    const { driver, definition, logs } = await start(as('all'));
    const repeated = { ...text('a'), dedupeId: 'the same' };
    for (let time = 0; time < 2; time++) await driver.publish(definition.destination(toStream('merged')), [repeated]);
    await until(() => logs.length > 0, { what: 'the warning is there' });
    expect(logs).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining(`stream ${name} remembers no dedupe ids (no duplicate_window)`),
      },
    ]);
    expect(await count()).toBe(2);
  });

  it('is not what a plain string makes, even where a stream captures it: a warning says so, once', async () => {
    const { name } = await makeStream(['captured.>']);
    const { driver, definition, logs } = await start(as('all'));
    for (let time = 0; time < 3; time++) await driver.publish(definition.destination('captured.a'), [text('a')]);
    await until(() => logs.length > 0, { what: 'the warning is there' });
    expect(logs).toEqual([{ level: 'warn', message: expect.stringContaining(`stream ${name} captures 'captured.a'`) }]);
  });

  it('asks JetStream once for all subjects that a stream’s own cover', async () => {
    await makeStream(['many.>']);
    const { driver, definition } = await start(as('all'));
    const native = driver.native() as NatsConnection;
    await driver.publish(definition.destination(toStream('many.0')), [text('a')]);
    const inboxes = () => native.stats().outMsgs;
    await until(
      async () => {
        const before = inboxes();
        await driver.publish(definition.destination(toStream(`many.${Math.random()}`)), [text('a')]);
        return inboxes() - before === 1;
      },
      { what: 'a publish is one message' },
    );
  });

  it('gives up what is under way when the driver closes', async () => {
    await makeStream(['closing']);
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition } = await start(as('all', proxy.port));
    const to = definition.destination(toStream('closing'));
    await driver.publish(to, [text('first')]);
    proxy.stall();
    const publishing = driver.publish(to, texts(10));
    const before = performance.now();
    await driver.close();
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(new Set((await publishing).map(verdict))).toEqual(new Set(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe']));
    expect((await driver.publish(to, [text('late')])).map(verdict)).toEqual(['MULTI_BROKER_NOT_CONNECTED no']);
  });
});
