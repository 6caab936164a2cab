import { Injectable, type Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MultiBroker, outgoing, Payload, RejectMessage, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { TelemetryModule } from '../../../lib/telemetry/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, realBrokers, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import type { OtlpReceiver } from '../../support/telemetry/otlp-receiver.js';
import { TestSdk } from '../../support/telemetry/sdk.js';
import { application, deleteStream, events, orders } from '../e2e/support.js';

const LONG = 60_000;

whenBrokers(describe)('spans and metrics on real servers', () => {
  let sdk: TestSdk;
  let topic: string;
  let streamName: string;
  let subject: string;

  beforeEach(async () => {
    sdk = await TestSdk.start();
    topic = await createTopic(uniqueName('observed'), 1);
    streamName = uniqueName('OBSERVED').replaceAll('-', '_');
    subject = streamName.toLowerCase();
  });
  afterEach(async () => {
    await closeApps();
    await sdk.stop();
    await deleteStream(streamName).catch(() => undefined);
  });

  const jobs = () => stream(streamName, { durable: 'd', subjects: [subject], storage: 'memory' });

  async function begun(handler: Type): Promise<MultiBroker> {
    const brokers = [orders({ commitIntervalMs: 100 }), events()];
    const app = await application(brokers, [handler], {}, { imports: [TelemetryModule.forRoot()] });
    await app.init();
    return app.get(MultiBroker);
  }

  /** What the collector has once this is true. */
  async function received(what: string, isThere: (receiver: OtlpReceiver) => boolean): Promise<OtlpReceiver> {
    await until(async () => isThere(await sdk.flush()), { what, timeoutMs: LONG });
    return sdk.flush();
  }

  /** Its span has ended. */
  const spans = (name: string, count = 1) =>
    received(`${String(count)} spans ${name}`, (receiver) => receiver.named(name).length >= count);

  const names = (events: readonly { readonly name: string }[]): string[] => events.map(({ name }) => name);

  it('retries in place are events of one span', async () => {
    let failing = 2;
    @Injectable()
    class Handler {
      @Subscribe('orders', topic)
      handle() {
        if (failing-- > 0) throw new Error('no database');
      }
    }
    const brokers = await begun(Handler);
    await brokers.get('orders').publish(topic, 'x');
    const span = (await spans(`process ${topic}`)).one(`process ${topic}`);
    const retry = ['exception', 'wait for retry', 'retry'];
    expect(names(span.events)).toEqual([...retry, ...retry]);
    expect([span.error, span.attributes['multi_broker.outcome']]).toEqual([undefined, 'acked']);
  });

  it('a redelivery of JetStream is an event, and both spans are children of the send', async () => {
    let failing = 1;
    @Injectable()
    class Handler {
      @Subscribe('events', jobs(), { retry: { attempts: 1, delayMs: 10 } })
      handle() {
        if (failing-- > 0) throw new Error('no database');
      }
    }
    const brokers = await begun(Handler);
    await brokers.get('events').publish(toStream(subject), 'x');
    const found = await spans(`process ${streamName}`, 2);
    const [first, second] = found.named(`process ${streamName}`);
    const send = found.one(`send ${subject}`);
    expect(names(first!.events)).toEqual(['exception', 'redelivery']);
    for (const span of [first, second])
      expect(span).toMatchObject({ parentSpanId: send.spanId, traceId: send.traceId });
    const counted = found.pointsOf('multi_broker.messages.redelivered').map(({ value }) => value);
    expect(counted).toEqual([1]);
  });

  it('a batch has a trace of its own, with a link to each of its messages', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', topic, { batch: { maxSize: 3, maxWaitMs: 30_000 } })
      handle(@Payload() _texts: string[]) {}
    }
    const brokers = await begun(Handler);
    const traces = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
    const items = traces.map((traceId) => {
      const headers = { traceparent: `00-${traceId}-${traceId.slice(16)}-01` };
      return outgoing('x', { headers });
    });
    await brokers.get('orders').publishBatch(topic, items);
    const batch = (await spans(`process ${topic}`)).one(`process ${topic}`);
    expect(batch.parentSpanId).toBeUndefined();
    expect(batch.attributes).toMatchObject({ 'messaging.batch.message_count': 3 });
    expect(batch.links.map(({ traceId }) => traceId)).toEqual(traces);
  });

  it('a message that is parked is linked to its letter, which is read in the same trace', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', topic, { deadLetter: { broker: 'events', destination: toStream(subject) } })
      handle() {
        throw new RejectMessage('no good');
      }

      @Subscribe('events', jobs())
      look() {}
    }
    const brokers = await begun(Handler);
    await brokers.get('orders').publish(topic, 'x');
    const found = await spans(`process ${streamName}`);
    const [failed, letter] = [found.one(`process ${topic}`), found.one(`send ${subject}`)];
    expect(failed.attributes).toMatchObject({ 'multi_broker.outcome': 'dead-lettered' });
    expect(failed.links).toMatchObject([{ spanId: letter.spanId, attributes: { 'multi_broker.link': 'dead letter' } }]);
    expect(letter).toMatchObject({ traceId: failed.traceId, parentSpanId: failed.spanId });
    expect(found.one(`process ${streamName}`)).toMatchObject({ traceId: failed.traceId, parentSpanId: letter.spanId });
    expect(found.pointsOf('multi_broker.messages.dead_lettered').map(({ value }) => value)).toEqual([1]);
  });

  it('metrics count what was sent and handled, name the servers, and ask for the lag', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', topic)
      fromKafka() {}

      @Subscribe('events', jobs())
      fromStream() {}
    }
    const brokers = await begun(Handler);
    for (const text of ['x', 'y']) await brokers.get('orders').publish(topic, text);
    await brokers.get('events').publish(toStream(subject), 'z');
    const valuesOf = ({ points }: OtlpReceiver, name: string) =>
      points
        .filter((point) => point.name === name)
        .map(({ attributes, value }) => [attributes['multi_broker.broker'], value])
        .sort();
    const two = [
      ['events', 1],
      ['orders', 2],
    ];
    const none = [
      ['events', 0],
      ['orders', 0],
    ];
    const found = await received('both are handled, committed and acked', (receiver) => {
      const [consumed, lag] = ['messaging.client.consumed.messages', 'multi_broker.handler.lag'];
      return (
        JSON.stringify(valuesOf(receiver, consumed)) === JSON.stringify(two) &&
        JSON.stringify(valuesOf(receiver, lag)) === JSON.stringify(none)
      );
    });
    expect(valuesOf(found, 'messaging.client.sent.messages')).toEqual(two);
    expect(valuesOf(found, 'messaging.process.duration')).toEqual(two);
    expect(valuesOf(found, 'multi_broker.messages.in_flight')).toEqual(none);
    const { kafka, nats } = realBrokers();
    const servers = { orders: kafka[0], events: new URL(nats).host };
    for (const span of found.spans) {
      const { attributes } = span;
      const server = `${String(attributes['server.address'])}:${String(attributes['server.port'])}`;
      expect(server).toBe(servers[attributes['multi_broker.broker'] as keyof typeof servers]);
    }
  });
});
