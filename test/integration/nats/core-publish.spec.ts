import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';

import { startNatsServer, startProxy, type TestNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, Collector, start, text, texts, verdict } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a core NATS publish', () => {
  let server: TestNatsServer;
  beforeAll(async () => {
    const users = [
      { user: 'all', password: 'pw' },
      { user: 'some', password: 'pw', permissions: { publish: { deny: ['forbidden', 'forbidden.>'] } } },
    ];
    server = await startNatsServer({ auth: users, maxPayload: 10_000 });
  });
  afterEach(closeAll);
  afterAll(() => server.stop());

  const as = (user: string, port = server.port) => ({
    client: { servers: `127.0.0.1:${port}`, user, pass: 'pw', reconnectTimeWait: 50 },
  });
  const proxied = async () => {
    const proxy = closeLater(await startProxy(server.port));
    return { proxy, ...(await start(as('all', proxy.port))) };
  };
  const reader = async (subject: string) => {
    const got: string[] = [];
    const { definition, subscribe } = await start(as('all'));
    const sink = new Collector((message) => void got.push(Buffer.from(message.body!).toString()));
    await subscribe(sink, definition.source(subject));
    return got;
  };

  it('is unconfirmed when its connection is lost before the PONG, though another one is there soon after', async () => {
    const { proxy, driver, definition, states } = await proxied();
    const got = await reader('lost');
    const to = definition.destination('lost');
    proxy.stall('toServer');
    const first = driver.publish(to, [text('A')]);
    await turn();
    proxy.cut();
    proxy.resume();
    expect((await first).map(verdict)).toEqual(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe']);
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    expect(await driver.publish(to, [text('B')])).toEqual([{ receipt: {} }]);
    await until(() => got.includes('B'), { what: 'B arrived' });
    expect(got).toEqual(['B']);
  });

  it('writes nothing more of a batch whose connection was lost, for that would be another order', async () => {
    const { proxy, driver, definition, states } = await proxied();
    const got = await reader('order');
    const batch = texts(9_000);
    proxy.stall('toServer');
    const publishing = driver.publish(definition.destination('order'), batch);
    await turn();
    proxy.cut();
    proxy.resume();
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    const verdicts = (await publishing).map(verdict);
    expect(new Set(verdicts)).toEqual(
      new Set(['MULTI_BROKER_PUBLISH_UNCONFIRMED maybe', 'MULTI_BROKER_NOT_CONNECTED no']),
    );
    expect(verdicts.indexOf('MULTI_BROKER_NOT_CONNECTED no')).toBeLessThan(9_000);
    await driver.publish(definition.destination('order'), [text('after')]);
    await until(() => got.includes('after'), { what: 'the next publish arrived' });
    expect(got).toEqual(['after']);
  });

  it('is rejected at once while there is no connection, and never arrives', async () => {
    const { proxy, driver, definition, states } = await proxied();
    const got = await reader('down');
    const to = definition.destination('down');
    proxy.refuse();
    await until(() => states.at(-1) === 'reconnecting', { what: 'the driver noticed' });
    const before = performance.now();
    expect((await driver.publish(to, [text('A')])).map(verdict)).toEqual(['MULTI_BROKER_NOT_CONNECTED no']);
    expect(performance.now() - before).toBeLessThan(200);
    proxy.resume();
    await until(() => states.at(-1) === 'up', { what: 'the driver reconnected' });
    await driver.publish(to, [text('B')]);
    await until(() => got.includes('B'), { what: 'B arrived' });
    expect(got).toEqual(['B']);
  });

  it('is unconfirmed when the server goes silent, after confirmTimeoutMs', async () => {
    const proxy = closeLater(await startProxy(server.port));
    const { driver, definition } = await start({ ...as('all', proxy.port), confirmTimeoutMs: 300 });
    proxy.stall('toClient');
    const [outcome] = await driver.publish(definition.destination('silent'), [text('A')]);
    expect(outcome).toMatchObject({
      error: { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe', retryable: true },
    });
  });

  it('is rejected where the client has no permission, and only there', async () => {
    const { driver, definition } = await start(as('some'));
    const [allowed, forbidden] = await Promise.all([
      driver.publish(definition.destination('allowed'), texts(3)),
      driver.publish(definition.destination('forbidden'), texts(3)),
    ]);
    expect(allowed.map(verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(forbidden.map(verdict)).toEqual(Array(3).fill('MULTI_BROKER_PUBLISH_REJECTED no'));
    expect(await driver.publish(definition.destination('allowed'), [text('x')])).toEqual([{ receipt: {} }]);
  });

  it('is refused before it is written when it is over the server’s limit, with the headers, and the others go on', async () => {
    const { driver, definition, states } = await start(as('all'));
    const got = await reader('large');
    const outcomes = await driver.publish(definition.destination('large'), [
      text('first'),
      text('x'.repeat(10_001)),
      text('x'.repeat(9_950), { headers: { h: 'y'.repeat(50) } }),
      text('last'),
    ]);
    const refused = 'MULTI_BROKER_PAYLOAD_TOO_LARGE no';
    expect(outcomes.map(verdict)).toEqual(['ok', refused, refused, 'ok']);
    await until(() => got.length === 2, { what: 'the others arrived' });
    expect(got).toEqual(['first', 'last']);
    expect(states).toEqual([]);
  });

  it('is written where it is exactly as large as the server allows, with its headers in bytes', async () => {
    const { driver, definition, states } = await start(as('all'));
    const got = await reader('exact');
    const room = 10_000 - Buffer.byteLength('NATS/1.0\r\nh: größe\r\n\r\n');
    const headers = { h: 'größe' };
    const outcomes = await driver.publish(definition.destination('exact'), [
      text('x'.repeat(10_000)),
      text('x'.repeat(room), { headers }),
      text('x'.repeat(room + 1), { headers }),
    ]);
    expect(outcomes.map(verdict)).toEqual(['ok', 'ok', 'MULTI_BROKER_PAYLOAD_TOO_LARGE no']);
    await until(() => got.length === 2, { what: 'both arrived' });
    expect(states).toEqual([]);
  });

  it('is refused with a header that cannot be written, and the others go on', async () => {
    const { driver, definition } = await start(as('all'));
    const outcomes = await driver.publish(definition.destination('headers'), [
      text('a', { headers: { 'x-header': 'line\r\nbreak' } }),
      text('b'),
    ]);
    expect(outcomes.map(verdict)).toEqual(['MULTI_BROKER_HEADER_INVALID no', 'ok']);
  });

  it('gives the event loop its turns, so that a closed socket is seen within a large batch', async () => {
    const { driver, definition } = await start(as('all'));
    let turns = 0;
    const state = { over: false };
    const publishing = driver.publish(definition.destination('turns'), texts(20_000));
    void publishing.then(() => (state.over = true));
    for (; !state.over; turns++) await turn();
    expect((await publishing).every((outcome) => 'receipt' in outcome)).toBe(true);
    expect(turns).toBeGreaterThan(15);
  });

  it('keeps no more than some thousand messages unconfirmed', async () => {
    const { proxy, driver, definition } = await proxied();
    proxy.stall('toClient');
    void driver.publish(definition.destination('window'), texts(50_000));
    const written = () => (driver.native() as { stats(): { outMsgs: number } }).stats().outMsgs;
    await until(() => written() >= 4_096, { what: 'the window is full' });
    for (let turns = 0; turns < 200; turns++) await turn();
    expect(written()).toBeLessThan(6_000);
  });

  it('does not forward headers that a server would act on', async () => {
    const { driver, definition, logs } = await start(as('all'));
    const { definition: other, subscribe } = await start(as('all'));
    const sink = new Collector();
    await subscribe(sink, other.source('foreign'));
    await driver.publish(definition.destination('foreign'), [
      text('a', { headers: { 'Nats-Msg-Id': 'stolen', 'x-own': 'v' } }),
    ]);
    const [taken] = await sink.until(1);
    expect(taken!.message.headers()).toEqual({ 'x-own': 'v' });
    expect(logs).toContainEqual({ level: 'warn', message: expect.stringContaining('"Nats-Msg-Id"') });
  });

  it('answers a subject of its own inbox without asking JetStream for a stream that captures it', async () => {
    const { driver, definition } = await start(as('all'));
    const asked: string[] = [];
    const native = driver.native() as { request: (subject: string, ...rest: unknown[]) => unknown };
    const request = native.request.bind(native);
    native.request = (subject, ...rest) => {
      asked.push(subject);
      return request(subject, ...rest);
    };
    await driver.publish(definition.destination('_INBOX.abc.1'), [text('answer')]);
    await driver.publish(definition.destination('plain'), [text('a')]);
    await until(() => asked.length > 0, { what: 'the plain subject was looked up' });
    expect(asked).toEqual(['$JS.API.STREAM.LIST']);
  });
});
