import { Injectable } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { PublishTo, RejectMessage, Subscribe } from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { eventually } from '../support/eventually.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';

const rig = telemetryRig();
const jobs = stream('JOBS', { durable: 'd', subjects: ['jobs'], storage: 'memory' });

class Down extends Error {
  override readonly name = 'Down';
}

/** Fails so many times. */
function failing(times: number, error: () => Error = () => new Down('no database')) {
  let left = times;
  return () => {
    if (left-- > 0) throw error();
  };
}

describe('a handler that fails', () => {
  it('and succeeds in a retry has one span without an error, whose events tell of the failure', async () => {
    const fail = failing(2);
    @Injectable()
    class Handler {
      @Subscribe('orders', 'in')
      handle() {
        fail();
      }
    }
    const { harness } = await rig.app([Handler]);
    await harness.publish('orders', 'in', 'x');
    const { events, error, attributes } = (await rig.received()).one('process in');
    expect(events.map(({ name }) => name)).toEqual([
      ...['exception', 'wait for retry', 'retry'],
      ...['exception', 'wait for retry', 'retry'],
    ]);
    expect(events[1]!.attributes).toEqual({ 'multi_broker.wait_ms': 100 });
    expect(events[2]!.attributes).toEqual({ 'multi_broker.attempt': 2 });
    expect([error, attributes['error.type'], attributes['multi_broker.outcome']]).toEqual([
      undefined,
      undefined,
      'acked',
    ]);
  });

  it('for good has the error as its status and type', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'in', { ack: 'reject-on-error', retry: { attempts: 1 } })
      handle() {
        throw new Down('no database');
      }
    }
    const { harness } = await rig.app([Handler]);
    harness.expectFailures();
    await harness.publish('orders', 'in', 'x');
    const { error, attributes } = (await rig.received()).one('process in');
    expect(error).toBe('no database');
    expect(attributes).toMatchObject({ 'error.type': 'Down', 'multi_broker.outcome': 'rejected' });
  });

  it('is held on Kafka: the span ends, and the next call has one that is linked to it, in the same trace', async () => {
    const fail = failing(1);
    @Injectable()
    class Handler {
      @Subscribe('orders', 'in', { retry: { attempts: 1 } })
      handle() {
        fail();
      }
    }
    const { harness } = await rig.app([Handler]);
    harness.expectFailures();
    await harness.publish('orders', 'in', 'x');
    const received = await rig.received();
    const held = received.one('process in');
    expect([held.error, held.attributes['multi_broker.outcome']]).toEqual(['no database', 'held']);
    expect(received.pointsOf('multi_broker.messages.held')).toMatchObject([{ value: 1 }]);

    await harness.clock.advance(1_000);
    const [, next] = (await rig.received()).named('process in');
    expect(next).toMatchObject({ error: undefined, attributes: { 'multi_broker.attempt': 2 } });
    expect(next!.links).toMatchObject([{ spanId: held.spanId, attributes: { 'multi_broker.link': 'called before' } }]);
    expect((await rig.received()).pointsOf('multi_broker.messages.held')).toMatchObject([{ value: 0 }]);
  });

  it('is redelivered by JetStream: an event says when, and both spans are of one trace', async () => {
    const fail = failing(1);
    @Injectable()
    class Handler {
      @Subscribe('orders', 'in')
      @PublishTo('events', toStream('jobs'))
      pass() {
        return 'x';
      }

      @Subscribe('events', jobs, { retry: { attempts: 1 } })
      handle() {
        fail();
      }
    }
    const { harness } = await rig.app([Handler]);
    harness.expectFailures();
    await harness.publish('orders', 'in', 'x');
    await harness.clock.advance(1_000);
    const received = await rig.received();
    const [first, second, ...others] = received.named('process JOBS');
    expect(others).toEqual([]);
    expect(first!.events.map(({ name }) => name)).toEqual(['exception', 'redelivery']);
    expect(second).toMatchObject({ traceId: first!.traceId, parentSpanId: received.one('send jobs').spanId });
    expect(received.pointsOf('multi_broker.messages.redelivered')).toMatchObject([{ value: 1 }]);
  });

  it('and is parked: its span is linked to that of the letter, which goes on in the same trace', async () => {
    @Injectable()
    class Handler {
      @Subscribe('orders', 'in', { deadLetter: { broker: 'events', destination: toStream('jobs') } })
      handle() {
        throw new RejectMessage('no good');
      }

      @Subscribe('events', jobs)
      look() {}
    }
    const { harness } = await rig.app([Handler]);
    harness.expectFailures();
    await harness.publish('orders', 'in', 'x');
    const received = await rig.received();
    const failed = received.one('process in');
    const letter = received.one('send jobs');
    expect(failed.attributes).toMatchObject({ 'multi_broker.outcome': 'dead-lettered' });
    expect(failed.links).toMatchObject([{ spanId: letter.spanId, attributes: { 'multi_broker.link': 'dead letter' } }]);
    expect(letter).toMatchObject({ parentSpanId: failed.spanId, traceId: failed.traceId });
    expect(received.one('process JOBS').parentSpanId).toBe(letter.spanId);
    expect(received.pointsOf('multi_broker.messages.dead_lettered')).toMatchObject([{ value: 1 }]);
  });
});

it('a message whose lane is lost while it is handled has the event of it, and was not settled', async () => {
  let release = (): void => undefined;
  @Injectable()
  class Handler {
    calls = 0;

    @Subscribe('orders', 'in')
    async handle() {
      if (this.calls++ === 0) await new Promise<void>((resolve) => (release = resolve));
    }
  }
  const { harness, broker, get } = await rig.app([Handler]);
  await broker('orders').publish('in', 'x');
  await eventually(() => expect(get(Handler).calls).toBe(1));
  await harness.fault('orders').dropConnection();
  release();
  await harness.fault('orders').restore();
  await harness.settled();
  const [lost, again] = (await rig.received()).named('process in');
  expect(lost!.events.map(({ name }) => name)).toEqual(['lane lost']);
  expect(lost!.attributes).toMatchObject({ 'multi_broker.outcome': 'unsettled' });
  expect(again).toMatchObject({ events: [], attributes: { 'multi_broker.outcome': 'acked' } });
});

it('a publish that fails has the error code as its type, in its span and in the metrics of it', async () => {
  const { harness, broker } = await rig.app([]);
  harness.fault('orders').failPublish({ times: 1 });
  await expect(broker('orders').publish('in', 'x')).rejects.toThrow();
  await broker('orders').publish('in', 'y');
  const type = { 'error.type': 'MULTI_BROKER_PUBLISH_UNCONFIRMED' };
  const received = await rig.received();
  const [failed, sent] = received.named('send in');
  expect(failed).toMatchObject({ error: expect.any(String), attributes: type });
  expect(failed!.events.map(({ name }) => name)).toEqual(['exception']);
  expect(sent!.attributes).not.toHaveProperty('error.type');
  for (const metric of ['messaging.client.sent.messages', 'messaging.client.operation.duration']) {
    const types = received.pointsOf(metric).map(({ attributes, value }) => [attributes['error.type'], value]);
    expect(types).toEqual([
      [type['error.type'], 1],
      [undefined, 1],
    ]);
  }
});

describe('a request', () => {
  @Injectable()
  class Handler {
    @Subscribe('events', 'ask', { retry: { attempts: 1 } })
    answer(text: string) {
      if (text === 'bad') throw new Down('no answer');
      return text;
    }
  }

  it('is one trace: the request, its handler, and the answer to a temporary destination', async () => {
    const { broker } = await rig.app([Handler]);
    await broker('events').request('ask', 'x');
    const received = await rig.received();
    const [request, handled, answer] = ['request ask', 'process ask', 'send (temporary)'].map((name) =>
      received.one(name),
    );
    expect(request).toMatchObject({ kind: 'PRODUCER', parentSpanId: undefined, error: undefined });
    expect(handled).toMatchObject({ parentSpanId: request!.spanId, traceId: request!.traceId });
    expect(answer).toMatchObject({ parentSpanId: handled!.spanId, traceId: request!.traceId });
    expect(answer!.attributes).toMatchObject({ 'messaging.destination.temporary': true });
  });

  it('that fails has the error code', async () => {
    const { broker } = await rig.app([Handler]);
    await expect(broker('events').request('ask', 'bad')).rejects.toThrow();
    const { attributes } = (await rig.received()).one('request ask');
    expect(attributes).toMatchObject({ 'error.type': 'MULTI_BROKER_REQUEST_FAILED' });
  });
});
