import { afterEach, describe, expect, it } from '@jest/globals';
import { headers } from 'nats';

import { stream, toStream } from '../../../lib/nats/index.js';
import { expectServiceError, serviceErrors } from '../../support/nats/service-errors.js';
import { realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { closeAll, Collector, ok, outside, start, text, texts } from './support.js';

whenBrokers(describe)('the NATS driver on a real server', () => {
  afterEach(closeAll);

  it('brings what is published to a subject to those who read it, once it has subscribed', async () => {
    const { driver, definition, subscribe } = await start();
    const subject = uniqueName('orders');
    const sink = new Collector();
    await subscribe(sink, definition.source(`${subject}.*`));
    const outcomes = await driver.publish(definition.destination(`${subject}.eu`), [
      text('one', { key: 'k', headers: { 'content-type': 'text/plain' } }),
      text('two'),
    ]);
    expect(outcomes).toEqual([{ receipt: {} }, { receipt: {} }]);
    const [first] = await sink.until(2);
    expect(sink.texts).toEqual(['one', 'two']);
    expect(first!.message).toMatchObject({ key: 'k', address: `${subject}.eu`, params: { 0: 'eu' }, deliveryCount: 1 });
    expect(first!.message.headers()).toEqual({ 'content-type': 'text/plain' });
    expect(new Set(sink.taken.map(({ message }) => message.position)).size).toBe(2);
  });

  it('confirms what is published to a stream with its place there, and reads it by a durable consumer', async () => {
    const { driver, definition, subscribe } = await start();
    const name = uniqueName('ORDERS');
    const sink = new Collector(() => 'ack');
    const source = definition.source(stream(name, { subjects: [`${name}.>`], durable: 'bridge' }));
    const intake = await subscribe(sink, source);
    const to = definition.destination(toStream(`${name}.eu`));
    const outcomes = await driver.publish(to, texts(3));
    const receipts = outcomes.map((outcome) => ('error' in outcome ? outcome.error : outcome.receipt));
    expect(receipts).toEqual([1, 2, 3].map((seq) => ({ position: `${name}@${seq}` })));
    const [first] = await sink.until(3);
    expect(sink.texts).toEqual(['m0', 'm1', 'm2']);
    expect(first!.message.position).toMatch(new RegExp(`^nats:events:${name}:1:\\d{19}$`));
    expect(Math.abs(first!.message.timestamp - Date.now())).toBeLessThan(60_000);
    await intake.stopFetching();
    await intake.flush();
    const jsm = await (await outside()).jetstreamManager();
    const info = await jsm.consumers.info(name, 'bridge');
    expect(info).toMatchObject({ num_ack_pending: 0, num_pending: 0, ack_floor: { stream_seq: 3 } });
  });

  it('tells a stream’s duplicate from a new message', async () => {
    const { driver, definition, subscribe } = await start();
    const name = uniqueName('DUPES');
    await subscribe(new Collector(), definition.source(stream(name, { subjects: [name], durable: 'd' })));
    const to = definition.destination(toStream(name));
    const [first, again] = await driver.publish(to, [text('a', { dedupeId: 'x' }), text('a', { dedupeId: 'x' })]);
    expect(first).toEqual({ receipt: { position: `${name}@1` } });
    expect(again).toEqual({ receipt: { position: `${name}@1`, duplicate: true } });
  });

  it('gets an answer to a request, with the answerer’s headers', async () => {
    const { driver, definition } = await start();
    const subject = uniqueName('ask');
    const answerer = await outside();
    answerer.subscribe(subject, { callback: (_, message) => void message.respond('pong') });
    await answerer.flush();
    const answer = await driver.request!(definition.destination(subject), text('ping'), AbortSignal.timeout(5_000));
    expect(Buffer.from(answer.body!).toString()).toBe('pong');
  });

  it.each(serviceErrors)('fails a request with what a responder says by $what', async (error) => {
    const { driver, definition } = await start();
    const subject = uniqueName('ask');
    const answerer = await outside();
    const said = headers();
    for (const [name, value] of Object.entries(error.headers)) said.set(name, value);
    answerer.subscribe(subject, { callback: (_, message) => void message.respond('secret', { headers: said }) });
    await answerer.flush();
    const asking = driver.request!(definition.destination(subject), text('ping'), AbortSignal.timeout(5_000));
    await expectServiceError(asking, error, 'secret');
  });

  it('fails a request where a service of NATS’ own framework does', async () => {
    const { driver, definition } = await start();
    const subject = uniqueName('ask');
    const answerer = await outside();
    const service = await answerer.services.add({ name: 'prices', version: '1.0.0' });
    service.addEndpoint('get', {
      subject,
      handler: (_, request) => request.respondError(404, 'no such sku', Buffer.from('secret')),
    });
    await answerer.flush();
    const asking = driver.request!(definition.destination(subject), text('ping'), AbortSignal.timeout(5_000));
    await expectServiceError(asking, serviceErrors[0], 'secret');
  });

  it('closes again and again, and leaves no connection behind', async () => {
    const { driver } = await start();
    await Promise.all([driver.close(), driver.close()]);
    await driver.close();
    expect(() => driver.native()).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_STOPPED' }));
  });

  it('says that the broker was stopped where its close comes before a source is read', async () => {
    const { driver, definition } = await start();
    const source = definition.source(stream(uniqueName('S'), { subjects: [uniqueName('s')], durable: 'd' }));
    const reading = driver.subscribe([source], new Collector(), AbortSignal.timeout(5_000));
    const rejected = expect(reading).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
    await driver.close();
    await rejected;
  });

  it('confirms thousands of messages in the order in which they were given', async () => {
    const { driver, definition, subscribe } = await start();
    const name = uniqueName('MANY');
    const sink = new Collector(() => 'ack');
    await subscribe(sink, definition.source(stream(name, { subjects: [name], durable: 'd', storage: 'memory' })));
    const outcomes = await driver.publish(definition.destination(toStream(name)), texts(5_000));
    expect(outcomes.every(ok)).toBe(true);
    await sink.until(5_000);
    expect(sink.texts).toEqual(texts(5_000).map(({ body }) => Buffer.from(body!).toString()));
    expect(realBrokers().nats).toMatch(/^nats:|^\d/);
  });
});
