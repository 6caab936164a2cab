import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { subject } from '../../../lib/nats/index.js';
import { startNatsServer, startProxy, type TestNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, Collector, start, text, texts } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a core NATS subscription', () => {
  let server: TestNatsServer;
  beforeAll(async () => {
    server = await startNatsServer({
      auth: [
        { user: 'all', password: 'pw' },
        { user: 'some', password: 'pw', permissions: { subscribe: { deny: ['secret.>'] } } },
      ],
    });
  });
  afterEach(closeAll);
  afterAll(() => server.stop());

  const as = (user: string, port = server.port) => ({
    client: { servers: `127.0.0.1:${port}`, user, pass: 'pw', reconnectTimeWait: 50 },
  });

  it('is known to the server when subscribe resolves: what is published by others from then on comes', async () => {
    const { definition, subscribe } = await start(as('all'));
    const { driver: other, definition: by } = await start(as('all'));
    for (let round = 0; round < 20; round++) {
      const sink = new Collector();
      await subscribe(sink, definition.source(`known.${round}`));
      await other.publish(by.destination(`known.${round}`), [text('first')]);
      await sink.until(1, 2_000);
    }
  });

  it('rejects where the client may not read, with nothing of the call left reading', async () => {
    const { driver, definition } = await start(as('some'));
    const sink = new Collector();
    const sources = [definition.source('open'), definition.source('secret.a')];
    const subscribing = driver.subscribe(sources, sink, AbortSignal.timeout(5_000));
    await expect(subscribing).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED', broker: 'events' });
    expect(sink.lanes.map(({ lost }) => lost.aborted)).toEqual([true, true]);
    await driver.publish(definition.destination('open'), [text('x')]);
    expect(sink.taken).toEqual([]);
  });

  it('rejects where the server takes no more subscriptions, though that names none', async () => {
    const server = await startNatsServer({ config: 'max_subscriptions: 1' });
    closeLater({ close: () => server.stop() });
    const { driver, definition } = await start({ client: { servers: server.url } });
    const sources = ['one', 'two'].map((name) => definition.source(name));
    const error = await driver
      .subscribe(sources, new Collector(), AbortSignal.timeout(5_000))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    expect((error as Error).message).toContain('maximum subscriptions exceeded');
  });

  it('tells in health where a server takes fewer subscriptions after a reconnect, until the next one', async () => {
    let server = await startNatsServer();
    closeLater({ close: () => server.stop() });
    const { driver, definition, subscribe, states } = await start({
      client: { servers: server.url, reconnectTimeWait: 50 },
    });
    await subscribe(new Collector(), ...['one', 'two', 'three'].map((name) => definition.source(name)));
    const restart = async (config?: string) => {
      const { port } = server;
      await server.stop();
      await until(() => states.at(-1) === 'reconnecting', { what: 'it is disconnected' });
      server = await startNatsServer({ port, config });
      await until(() => states.at(-1) === 'up', { what: 'it is connected again', timeoutMs: 20_000 });
    };
    await restart('max_subscriptions: 2');
    await until(() => driver.healthIssues!().length > 0, { what: 'health tells' });
    expect(driver.healthIssues!()).toEqual([
      expect.stringMatching(
        /^the server refused a subscription .* \('?maximum subscriptions exceeded'?\): some source may not/,
      ),
    ]);
    await restart();
    expect(driver.healthIssues!()).toEqual([]);
  });

  it('hands over in batches, outside of the client’s callback, in order', async () => {
    const { driver, definition, subscribe } = await start(as('all'));
    const sink = new Collector();
    await subscribe(sink, definition.source('batches'));
    await driver.publish(definition.destination('batches'), texts(2_000));
    await sink.until(2_000);
    expect(sink.texts).toEqual(texts(2_000).map(({ body }) => Buffer.from(body!).toString()));
    expect(sink.batches.length).toBeLessThan(500);
  });

  it('does not wait for a full lane: its lane says so, and delivery drops and counts', async () => {
    const { driver, definition, subscribe } = await start(as('all'));
    const sink = new Collector();
    sink.full = new Promise(() => undefined);
    await subscribe(sink, definition.source('flood'));
    expect(sink.lanes[0]).toMatchObject({ backpressure: false, redelivery: 'none' });
    await driver.publish(definition.destination('flood'), texts(3_000));
    await sink.until(3_000);
  });

  it('is quiet only after what the server had sent was handed over', async () => {
    const proxy = closeLater(await startProxy(server.port));
    const { definition, subscribe } = await start(as('all', proxy.port));
    const { driver: other, definition: by } = await start(as('all'));
    const sink = new Collector();
    const intake = await subscribe(sink, definition.source('leaving'));
    proxy.stall('toClient');
    await other.publish(by.destination('leaving'), texts(3_000));
    const quiet = intake.stopFetching();
    proxy.resume();
    await quiet;
    const taken = sink.taken.length;
    expect(taken).toBe(3_000);
    await other.publish(by.destination('leaving'), [text('late')]);
    await intake.flush();
    await intake.close();
    expect(sink.taken.length).toBe(taken);
    expect(sink.lanes[0]!.lost.aborted).toBe(true);
  });

  it('shares its messages within a queue, and gives every one to each without', async () => {
    const { driver, definition, subscribe, logs } = await start(as('all'));
    const [queued1, queued2, alone] = [new Collector(), new Collector(), new Collector()];
    const queue = subject('work.*', { queue: 'q' });
    await subscribe(queued1, definition.source(queue));
    await subscribe(queued2, definition.source(queue));
    await subscribe(alone, definition.source('work.*'));
    await driver.publish(definition.destination('work.a'), texts(200));
    await alone.until(200);
    await until(() => queued1.taken.length + queued2.taken.length === 200, { what: 'the queue has all' });
    expect(Math.min(queued1.taken.length, queued2.taken.length)).toBeGreaterThan(0);
    expect(logs).toEqual([{ level: 'info', message: expect.stringMatching(/work\.\* has no queue: every replica/) }]);
  });

  it('tells who asks, and reads an empty body as no value', async () => {
    const { driver, definition, subscribe } = await start(as('all'));
    const sink = new Collector();
    await subscribe(sink, definition.source('asked'));
    const asking = driver.request!(definition.destination('asked'), { body: null }, AbortSignal.timeout(5_000));
    const [taken] = await sink.until(1);
    expect(taken!.message.body).toBeNull();
    await driver.publish(definition.destination(taken!.message.replyTo!), [text('here')]);
    expect(Buffer.from((await asking).body!).toString()).toBe('here');
    expect((await asking).replyTo).toBeUndefined();
  });

  it('tells nobody’s listening and no answer apart', async () => {
    const { driver, definition, subscribe } = await start(as('all'));
    await subscribe(new Collector(), definition.source('mute'));
    const ask = (to: string, ms: number) =>
      driver.request!(definition.destination(to), text('?'), AbortSignal.timeout(ms));
    await expect(ask('nobody', 5_000)).rejects.toMatchObject({ code: 'MULTI_BROKER_NO_RESPONDERS' });
    await expect(ask('mute', 100)).rejects.toMatchObject({ code: 'MULTI_BROKER_REQUEST_TIMEOUT' });
    await expect(driver.request!(definition.destination('mute'), text('?'), AbortSignal.abort())).rejects.toMatchObject(
      { code: 'MULTI_BROKER_REQUEST_TIMEOUT' },
    );
  });

  it('does not write a request that was given up before', async () => {
    const { driver, definition, subscribe } = await start(as('all'));
    const sink = new Collector();
    await subscribe(sink, definition.source('given.up'));
    const to = definition.destination('given.up');
    await expect(driver.request!(to, text('?'), AbortSignal.abort())).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_TIMEOUT',
    });
    await driver.publish(to, [text('behind it')]);
    await sink.until(1);
    expect(sink.texts).toEqual(['behind it']);
  });

  it('reads again what the server refused before a reconnect and allows after it', async () => {
    const own = await startNatsServer({ auth: [{ user: 'some', password: 'pw' }] });
    const { driver, definition, subscribe, states } = await start(as('some', own.port));
    const sink = new Collector();
    await subscribe(sink, definition.source('secret.a'));
    await own.stop();
    const strict = await startNatsServer({
      port: own.port,
      auth: [{ user: 'some', password: 'pw', permissions: { subscribe: { deny: ['secret.>'] } } }],
    });
    await until(() => driver.healthIssues!().some((one) => one.includes('secret.a')), { what: 'health names it' });
    await strict.stop();
    const open = await startNatsServer({ port: own.port, auth: [{ user: 'some', password: 'pw' }] });
    try {
      await until(() => states.filter((state) => state === 'up').length === 2, { what: 'it is back' });
      await until(
        async () => {
          await driver.publish(definition.destination('secret.a'), [text('x')]);
          return sink.taken.length > 0;
        },
        { what: 'it reads again' },
      );
      expect(driver.healthIssues!()).toEqual([]);
    } finally {
      await closeAll();
      await open.stop();
    }
  });

  it('leaves at once when there is no connection', async () => {
    const proxy = closeLater(await startProxy(server.port));
    const { definition, subscribe, states } = await start(as('all', proxy.port));
    const intake = await subscribe(new Collector(), definition.source('gone'));
    proxy.refuse();
    await until(() => states.at(-1) === 'reconnecting', { what: 'the loss is told' });
    const before = performance.now();
    await intake.stopFetching();
    await intake.close();
    expect(performance.now() - before).toBeLessThan(500);
    proxy.resume();
    await until(() => states.at(-1) === 'up', { what: 'it is back' });
  });
});
