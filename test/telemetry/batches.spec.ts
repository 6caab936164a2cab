import { trace } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { BatchFailure, outgoing, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';

const rig = telemetryRig();

const traceOf = (digit: string) => digit.repeat(32);
const headersOf = (digit: string) => ({ traceparent: `00-${traceOf(digit)}-${digit.repeat(16)}-01` });

it('a batch is a trace of its own, with a link to each of its messages, and its results go on with it', async () => {
  @Injectable()
  class Handler {
    @Subscribe('orders', 'in', { batch: { maxSize: 3, maxWaitMs: 10 } })
    @PublishTo('events', 'out')
    handle(@Payload() texts: string[]) {
      trace.getTracer('database').startSpan('query').end();
      return outgoing.each(texts);
    }
  }
  const { harness, broker } = await rig.app([Handler]);
  const items = ['a', 'b', 'c'].map((digit) => outgoing(digit, { key: 'one', headers: headersOf(digit) }));
  await broker('orders').publishBatch('in', items);
  await harness.clock.advance(10);
  const received = await rig.received();
  const batch = received.one('process in');
  expect(batch.attributes).toMatchObject({ 'messaging.batch.message_count': 3 });
  expect([batch.parentSpanId, batch.links.map(({ traceId }) => traceId)]).toEqual([
    undefined,
    ['a', 'b', 'c'].map(traceOf),
  ]);
  expect(received.one('query').parentSpanId).toBe(batch.spanId);
  expect(received.named('send out').map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(batch.spanId));
  expect(received.pointsOf('messaging.client.consumed.messages')).toMatchObject([{ value: 3 }]);
  expect(received.pointsOf('messaging.process.duration')).toMatchObject([{ value: 1 }]);
});

it('a message that is called again has a further span, linked to the one of the batch', async () => {
  @Injectable()
  class Handler {
    @Subscribe('orders', 'in', { batch: { maxSize: 2, maxWaitMs: 10 } })
    handle(@Payload() texts: string[]) {
      if (texts.length > 1) throw new BatchFailure(new Map([[1, new Error('no')]]));
    }
  }
  const { harness, broker } = await rig.app([Handler]);
  harness.expectFailures();
  const items = ['a', 'b'].map((digit) => outgoing(digit, { key: 'one', headers: headersOf(digit) }));
  await broker('orders').publishBatch('in', items);
  await harness.clock.advance(10);
  const spans = (await rig.received()).named('process in');
  expect(spans).toHaveLength(2);
  const batch = spans.find(({ links }) => links.length === 2)!;
  const alone = spans.find(({ links }) => links.length === 1)!;
  expect(alone).toMatchObject({ traceId: traceOf('b'), links: [{ spanId: batch.spanId }] });
});
