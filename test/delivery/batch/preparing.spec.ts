import { afterEach, describe, expect, it } from '@jest/globals';
import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { type BatchContext, Ctx, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

afterEach(closeTestApps);

const batch = { maxSize: 10 };
const Order = z.object({ id: z.coerce.number() });

/** As `ParseArrayPipe({ items: Number })`, which needs class-validator. */
class Numbers implements PipeTransform<unknown[], number[]> {
  transform(items: unknown[]): number[] {
    if (!items.every((item) => typeof item === 'number')) throw new BadRequestException('no number');
    return items;
  }
}

@Injectable()
class Handlers {
  readonly calls: unknown[] = [];

  @Subscribe('orders', 'plain', { batch, ack: 'reject-on-error' })
  plain(@Payload() payloads: unknown[]) {
    this.calls.push(payloads);
  }

  @Subscribe('orders', 'checked', { batch, ack: 'reject-on-error', schema: Order })
  checked(@Payload() orders: { id: number }[]) {
    this.calls.push(orders);
  }

  @Subscribe('orders', 'wanted', { batch, filter: ({ payload }) => payload !== 2 })
  wanted(@Payload() payloads: unknown[]) {
    this.calls.push(payloads);
  }

  @Subscribe('orders', 'piped', { batch, ack: 'reject-on-error' })
  piped(@Payload(new Numbers()) payloads: number[]) {
    this.calls.push(payloads);
  }

  @Subscribe('orders', 'hops', { batch, ack: 'reject-on-error' })
  @PublishTo('events', 'out')
  hops(@Payload() payloads: unknown[]) {
    this.calls.push(payloads);
  }

  @Subscribe('orders', 'nothing', { batch, filter: () => false })
  nothing(@Payload() payloads: unknown[], @Ctx() _context: BatchContext) {
    this.calls.push(payloads);
  }
}

async function sent(to: string, bodies: readonly string[], headers: Record<string, Record<string, string>> = {}) {
  const { harness, broker, get } = await testApp([Handlers]);
  const items = bodies.map((body) =>
    outgoing(Buffer.from(body), { key: 'k', headers: { 'content-type': 'application/json', ...headers[body] } }),
  );
  await broker('orders').publishBatch(to, items);
  await harness.settled().catch(() => undefined);
  const outcomes = harness.deliveries({ broker: 'orders' }).map(({ body, outcome }) => `${String(body)} ${outcome}`);
  const errors = harness.deliveries({ broker: 'orders' }).flatMap(({ error }) => (error === undefined ? [] : [error]));
  return { calls: get(Handlers).calls, outcomes: outcomes.sort(), errors };
}

describe('a message that fails before the call', () => {
  it('as it cannot be decoded never reaches the batch, and fails alone', async () => {
    const { calls, outcomes, errors } = await sent('plain', ['1', '{', '3']);
    expect([calls, outcomes]).toEqual([[[1, 3]], ['1 acked', '3 acked', '{ rejected']]);
    expect(errors).toEqual([expect.objectContaining({ code: 'MULTI_BROKER_UNDECODABLE' })]);
  });

  it('as its schema refuses it never reaches the batch; the others are the output of the schema', async () => {
    const { calls, outcomes, errors } = await sent('checked', ['{"id":"1"}', '{"id":"x"}', '{"id":3}']);
    expect(calls).toEqual([[{ id: 1 }, { id: 3 }]]);
    expect(outcomes).toEqual(['{"id":"1"} acked', '{"id":"x"} rejected', '{"id":3} acked']);
    expect(errors).toEqual([expect.objectContaining({ code: 'MULTI_BROKER_SCHEMA_INVALID' })]);
  });

  it('as it was passed on too many times fails alone', async () => {
    const { calls, errors } = await sent('hops', ['1', '2'], { 2: { 'multi-broker-hops': '16' } });
    expect(calls).toEqual([[1]]);
    expect(errors).toEqual([expect.objectContaining({ code: 'MULTI_BROKER_HOP_LIMIT' })]);
  });
});

it('a filter is asked for each message; what it does not want is acked and never reaches the batch', async () => {
  expect(await sent('wanted', ['1', '2', '3'])).toMatchObject({
    calls: [[1, 3]],
    outcomes: ['1 acked', '2 acked', '3 acked'],
  });
});

it('a batch of which nothing is wanted is no call', async () => {
  expect(await sent('nothing', ['1', '2'])).toMatchObject({ calls: [], outcomes: ['1 acked', '2 acked'] });
});

it('a pipe of arrays checks each item; the message that it refuses is found, and rejected alone', async () => {
  const { calls, outcomes } = await sent('piped', ['1', '"x"', '3']);
  expect(outcomes).toEqual(['"x" rejected', '1 acked', '3 acked']);
  expect(calls.flat()).toEqual([1, 3]);
});
