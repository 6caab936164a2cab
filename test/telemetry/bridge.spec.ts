import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Observable } from 'rxjs';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { TelemetryModule } from '../../lib/telemetry/index.js';
import { TestSdk } from '../support/telemetry/sdk.js';
import { closeTestApps, testApp } from '../support/test-app.js';

let sdk: TestSdk;
beforeEach(async () => {
  sdk = await TestSdk.start();
});
afterEach(async () => {
  await closeTestApps();
  await sdk.stop();
});

const imports = [TelemetryModule.forRoot()];
const kept = stream('OUT', { durable: 'd', subjects: ['out'], storage: 'memory' });
const query = <T>(of: T): T => {
  trace.getTracer('database').startSpan('query').end();
  return of;
};

describe('a bridge from Kafka to JetStream', () => {
  @Injectable()
  class Bridge {
    @Subscribe('orders', 'in')
    @PublishTo('events', toStream('out'))
    async pass(@Payload() text: string) {
      await Promise.resolve();
      return query(text);
    }

    @Subscribe('events', kept)
    read(@Payload() _text: string) {}
  }

  it('is one trace, from the request that publishes to the last handler', async () => {
    const { harness, broker } = await testApp([Bridge], { imports });
    await trace.getTracer('http').startActiveSpan('POST /orders', { kind: SpanKind.SERVER }, async (span) => {
      await broker('orders').publish('in', 'tea');
      span.end();
    });
    await harness.settled();

    const received = await sdk.flush();
    const chain = ['POST /orders', 'send in', 'process in', 'send out', 'process OUT'].map((name) =>
      received.one(name),
    );
    expect(new Set(chain.map(({ traceId }) => traceId)).size).toBe(1);
    const parents = chain.map(({ parentSpanId }) => parentSpanId);
    expect(parents).toEqual([undefined, ...chain.slice(0, -1).map(({ spanId }) => spanId)]);
    expect(chain.map(({ kind }) => kind)).toEqual(['SERVER', 'PRODUCER', 'CONSUMER', 'PRODUCER', 'CONSUMER']);
    expect(received.one('query').parentSpanId).toBe(received.one('process in').spanId);
    expect(received.spans).toHaveLength(6);
  });

  it('takes its trace context from what was published elsewhere, its state and baggage included', async () => {
    const { harness } = await testApp([Bridge], { imports });
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];
    const headers = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=1', baggage: 'user=7' };
    await harness.publish('orders', 'in', 'tea', { headers });

    const received = await sdk.flush();
    const sends = received.one('send out');
    expect(received.one('process OUT')).toMatchObject({ traceId, parentSpanId: sends.spanId });
    const [out] = harness.published('events', 'out');
    expect(out!.headers).toMatchObject({ ...headers, traceparent: `00-${traceId}-${sends.spanId}-01` });
  });
});

describe.each([
  ['a promise', async () => query(1)],
  ['an Observable', () => new Observable<number>((to) => void setImmediate(() => [to.next(query(1)), to.complete()]))],
  [
    'an async iterable',
    async function* () {
      await new Promise(setImmediate);
      yield query(1);
    },
  ],
])('a handler that gives %s', (_what, give) => {
  it('runs with its span active to the end, and so do its publishes by code', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'in')
      @PublishTo('events', 'out')
      handle() {
        return give() as unknown;
      }
    }
    const { harness } = await testApp([Handler], { imports });
    await harness.publish('orders', 'in', 'x');
    const received = await sdk.flush();
    const { spanId, traceId } = received.one('process in');
    expect(received.one('query')).toMatchObject({ parentSpanId: spanId, traceId });
    expect(received.one('send out')).toMatchObject({ parentSpanId: spanId, traceId });
  });
});

it('a context that a publisher writes into the headers stays the parent, with a link to the span that is active', async () => {
  const { broker } = await testApp([], { imports });
  const [traceId, parentSpanId] = ['c'.repeat(32), 'd'.repeat(16)];
  const traceparent = `00-${traceId}-${parentSpanId}-01`;
  const active = trace.getTracer('http').startSpan('poll of an outbox');
  await context.with(trace.setSpan(context.active(), active), () =>
    broker('orders').publish('in', 'x', { headers: { traceparent, baggage: 'mine=1' } }),
  );
  active.end();
  const received = await sdk.flush();
  expect(received.one('send in')).toMatchObject({
    traceId,
    parentSpanId,
    links: [active.spanContext()].map(({ spanId }) => ({ spanId })),
  });
});

it('without an SDK nothing is added, and a message goes on with the context that it came with', async () => {
  trace.disable();
  propagation.disable();
  context.disable();
  @Injectable()
  class Bridge {
    @Subscribe('orders', 'in')
    @PublishTo('events', 'out')
    pass(@Payload() text: string) {
      return text;
    }
  }
  const { harness } = await testApp([Bridge], { imports });
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await harness.publish('orders', 'in', 'x', { headers: { traceparent } });
  expect(harness.published('events', 'out')).toMatchObject([{ headers: { traceparent } }]);
  expect((await sdk.flush()).spans).toEqual([]);
});
