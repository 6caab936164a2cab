import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Injectable, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import {
  AckMessage,
  type BatchContext,
  BatchFailure,
  type BrokerDefinition,
  byHeader,
  bytes,
  Ctx,
  fromConfig,
  MessageContext,
  NackMessage,
  outgoing,
  Payload,
  RejectMessage,
  Subscribe,
} from '../../lib/index.js';
import { stream, toStream } from '../../lib/nats/index.js';
import { closeTestApps, events, orders, testApp } from '../support/test-app.js';

const deadLetter = { broker: 'events', destination: toStream('dead.orders') };
const dead = stream('DEAD', { durable: 'd', subjects: ['dead.>'] });

class OutOfStock extends Error {}

class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Orders {
  readonly parked: unknown[] = [];

  @Subscribe('orders', 'orders', { deadLetter, retry: { attempts: 2 } })
  onOrder(@Payload() order: { id: number }) {
    if (order.id < 0) throw new OutOfStock(`no stock`);
  }

  @Subscribe('events', dead)
  onLetter(@Payload() letter: unknown) {
    this.parked.push(letter);
  }
}

afterEach(closeTestApps);

describe('a dead letter on twins', () => {
  it('is the outcome of its delivery, with the letter, and no failure of the test', async () => {
    const { harness, broker } = await testApp([Orders]);
    await harness.publish('orders', 'orders', { id: -1 }, { key: 'k', headers: { tenant: 't' } });
    expect(harness.deliveries({ broker: 'orders' })).toMatchObject([
      {
        outcome: 'dead-lettered',
        attempt: 2,
        error: new OutOfStock('no stock'),
        letter: {
          broker: 'events',
          destination: 'dead.orders',
          payload: { id: -1 },
          key: 'k',
          headers: { tenant: 't', 'dead-letter-error': 'OutOfStock', 'dead-letter-attempts': '2' },
        },
      },
    ]);
    expect(broker('orders').health().counts).toMatchObject({ deadLettered: 1, failed: 2, rejected: 0, unsettled: 0 });
  });

  it('is in the timeline, under the delivery that it comes from', async () => {
    const { harness } = await testApp([Orders]);
    await harness.publish('orders', 'orders', { id: -1 });
    expect(String(harness.timeline())).toBe(
      [
        `'orders' ← orders {"id":-1}`,
        `└─ Orders.onOrder on 'orders' dead-lettered at attempt 2: Error: no stock`,
        `   └─ 'events' ← dead.orders {"id":-1}`,
        `      └─ Orders.onLetter on 'events' acked`,
      ].join('\n'),
    );
  });

  it('lets the messages behind it pass', async () => {
    const { harness } = await testApp([Orders]);
    for (const id of [1, -2, 3]) await harness.publish('orders', 'orders', { id }, { key: 'k' });
    expect(harness.deliveries({ broker: 'orders' }).map(({ outcome }) => outcome)).toEqual([
      'acked',
      'dead-lettered',
      'acked',
    ]);
  });

  it('is written again where its publish was not confirmed, and stored once on JetStream', async () => {
    const { harness, get } = await testApp([Orders]);
    harness.fault('events').failPublish({ times: 2, written: 'maybe' });
    await harness.publish('orders', 'orders', { id: -1 });
    await harness.clock.advance(1_000);
    expect(harness.deliveries({ outcome: 'dead-lettered' })).toHaveLength(1);
    expect(get(Orders).parked).toEqual([{ id: -1 }]);
  });

  it('is stored once by JetStream where the process dies between the letter and the ack', async () => {
    const { harness, get } = await testApp([Orders]);
    harness.fault('orders').crashAt('before-settle');
    await harness.publish('orders', 'orders', { id: -1 });
    expect(harness.deliveries({ broker: 'orders' })).toMatchObject([{ outcome: 'abandoned' }]);
    await harness.restart();
    expect(harness.deliveries({ broker: 'orders', outcome: 'dead-lettered' })).toHaveLength(1);
    expect(harness.published('events')).toHaveLength(2);
    const [first, second] = harness.published('events').map(({ headers }) => headers['dead-letter-delivery-id']);
    expect(first).toBe(second);
    expect(get(Orders).parked).toEqual([{ id: -1 }]);
  });

  it('waits while its broker is down: unsettled, named by the health of both, and written once it is back', async () => {
    const { harness, broker, get } = await testApp([Orders]);
    await harness.fault('events').dropConnection();
    await harness.publish('orders', 'orders', { id: -1 }, { key: 'k' });
    await harness.publish('orders', 'orders', { id: 2 }, { key: 'k' });
    await harness.clock.advance(10_000);
    expect(harness.pending()).toMatchObject([{ why: 'publish-retry', handler: 'Orders.onOrder' }, { why: 'queued' }]);
    const { status, reasons, counts } = broker('orders').health();
    expect([status, counts.unsettled, counts.deadLettered]).toEqual(['degraded', 2, 0]);
    expect(reasons.join()).toMatch(/Orders\.onOrder \(orders\[\d+\]\) waits for 1 message.*dead\.orders.*'events'/);
    await harness.fault('events').restore();
    await harness.clock.advance(2_000);
    expect(harness.deliveries({ broker: 'orders' }).map(({ outcome }) => outcome)).toEqual(['dead-lettered', 'acked']);
    expect(get(Orders).parked).toEqual([{ id: -1 }]);
  });

  it('is not written by an application that stops while its broker is down: the next one gets the message', async () => {
    const { harness, get } = await testApp([Orders]);
    await harness.fault('events').dropConnection();
    await harness.publish('orders', 'orders', { id: -1 });
    await harness.restart();
    await harness.settled();
    expect(get(Orders).parked).toEqual([{ id: -1 }]);
    expect(harness.deliveries({ broker: 'orders' }).map(({ outcome }) => outcome)).toEqual([
      'abandoned',
      'dead-lettered',
    ]);
  });
});

describe('what is parked', () => {
  const order = z.object({ id: z.number() });

  @Injectable()
  class Parking {
    readonly letters: Readonly<Record<string, string>>[] = [];

    @Subscribe('orders', 'json', { deadLetter, schema: order })
    json(_order: { id: number }) {}

    @Subscribe('events', 'core', { deadLetter })
    core(@Payload() what: string, @Ctx() context: MessageContext) {
      if (what === 'nack') throw new NackMessage();
      if (what === 'ack') throw new Error('outer', { cause: new AckMessage() });
      if (what === 'reject') throw new RejectMessage('no good');
      if (what === 'context') context.reject('no good');
      if (what === 'park') context.deadLetter('look at it');
      if (what === 'fail') throw new Error('no');
    }

    @Subscribe('orders', 'manual', { deadLetter, ack: 'manual' })
    manual(@Payload() what: string, @Ctx() context: MessageContext) {
      if (what === 'park') context.deadLetter('look at it');
      else context.ack();
    }

    @Subscribe('orders', 'first', { deadLetter, ack: 'ack-first', retry: { attempts: 1 } })
    first() {
      throw new Error('after the ack');
    }

    @Subscribe('orders', 'guarded', { deadLetter })
    @UseGuards(Nobody)
    guarded() {}

    @Subscribe('events', dead, { codec: bytes })
    onLetter(@Ctx() { message }: MessageContext) {
      this.letters.push(message.headers);
    }
  }

  it('on Kafka: what cannot be decoded, and what the schema refuses, at once and with a code', async () => {
    const { harness, get } = await testApp([Parking]);
    await harness.publish('orders', 'json', Buffer.from('{'), { headers: { 'content-type': 'application/json' } });
    await harness.publish('orders', 'json', { id: 'x' });
    expect(get(Parking).letters).toMatchObject([
      {
        'dead-letter-code': 'MULTI_BROKER_UNDECODABLE',
        'dead-letter-attempts': '1',
        'content-type': 'application/json',
      },
      { 'dead-letter-code': 'MULTI_BROKER_SCHEMA_INVALID', 'dead-letter-attempts': '1' },
    ]);
  });

  it('on core NATS: every final failure, nacks included, and nothing that is acked', async () => {
    const { harness, broker, get } = await testApp([Parking]);
    for (const what of ['ack', 'fine']) await harness.publish('events', 'core', what);
    expect(get(Parking).letters).toEqual([]);
    for (const what of ['nack', 'reject', 'context', 'park', 'fail']) await harness.publish('events', 'core', what);
    expect(get(Parking).letters.map((headers) => headers['dead-letter-message'])).toEqual([
      expect.stringContaining('nacked by its handler'),
      'no good',
      expect.stringContaining('A message was rejected: no good'),
      expect.stringContaining('A message was rejected: look at it'),
      'no',
    ]);
    expect(get(Parking).letters[1]).toMatchObject({ 'dead-letter-error': 'RejectMessage' });
    expect(broker('events').health().counts).toMatchObject({ deadLettered: 5, dropped: 0, rejected: 0 });
  });

  it('what a guard refuses', async () => {
    const { harness, get, broker } = await testApp([Parking]);
    await harness.publish('orders', 'guarded', 'x');
    expect(get(Parking).letters).toMatchObject([{ 'dead-letter-error': 'ForbiddenException' }]);
    expect(broker('orders').health()).toMatchObject({ notes: [], counts: { deadLettered: 1, rejected: 0 } });
  });

  it('by hand, also with ack: manual', async () => {
    const { harness, get } = await testApp([Parking]);
    await harness.publish('orders', 'manual', 'park');
    await harness.publish('orders', 'manual', 'x');
    expect(get(Parking).letters).toHaveLength(1);
    expect(
      harness
        .deliveries({ broker: 'orders' })
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['acked', 'dead-lettered']);
  });

  it('after an ack that came first', async () => {
    const { harness } = await testApp([Parking]);
    await harness.publish('orders', 'first', 'x');
    expect(harness.deliveries({ broker: 'orders' })).toMatchObject([{ outcome: 'dead-lettered' }]);
  });

  it('of a request, whose caller gets the failure all the same', async () => {
    const { broker, get } = await testApp([Parking]);
    const asked = broker('events').request('core', 'reject');
    await expect(asked).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_FAILED',
      message: expect.stringContaining('no good'),
    });
    expect(get(Parking).letters).toHaveLength(1);
  });
});

describe('a dead letter to a core subject', () => {
  it('is told at the start: nobody keeps it', async () => {
    @Injectable()
    class Lost {
      @Subscribe('events', 'in', { deadLetter: 'in.dlq' })
      handle() {
        throw new RejectMessage();
      }
    }
    const lines: string[] = [];
    const warn = (line: unknown): void => void lines.push(String(line));
    const definitions: BrokerDefinition[] = [orders, events];
    const { harness } = await testApp([Lost], { definitions, logger: { log() {}, error() {}, warn } });
    expect(lines).toEqual([
      expect.stringMatching(/Lost\.handle go to subject in\.dlq on broker 'events', which stores none.*toStream/),
    ]);
    await harness.publish('events', 'in', 'x');
    expect(harness.published('events', 'in.dlq')).toHaveLength(1);
  });
});

describe('handlers that share a source', () => {
  const unmatched = 'reject' as const;

  @Injectable()
  class Shared {
    @Subscribe('orders', 'mixed', { filter: byHeader('type', 'a'), deadLetter: 'a.dlq', unmatched })
    a() {
      throw new RejectMessage('no a');
    }

    @Subscribe('orders', 'mixed', { filter: byHeader('type', 'b'), deadLetter: 'b.dlq' })
    b() {
      throw new RejectMessage('no b');
    }
  }

  it('have a dead letter each; what nobody takes has that of the one who says so', async () => {
    const { harness } = await testApp([Shared]);
    for (const type of ['a', 'b', 'c']) await harness.publish('orders', 'mixed', type, { headers: { type } });
    expect(harness.deliveries().map(({ outcome, letter }) => [outcome, letter?.destination])).toEqual([
      ['dead-lettered', 'a.dlq'],
      ['dead-lettered', 'b.dlq'],
      ['dead-lettered', 'a.dlq'],
    ]);
    const [a, b, c] = harness.deliveries().map(({ letter }) => letter?.headers);
    expect([a?.['dead-letter-handler'], b?.['dead-letter-handler']]).toEqual(['Shared.a', 'Shared.b']);
    expect(c).toMatchObject({ 'dead-letter-code': 'MULTI_BROKER_UNMATCHED' });
  });
});

describe('messages of a batch', () => {
  it('are parked one by one: by their place, by a failure of their own, and by a throw that none survives', async () => {
    @Injectable()
    class Batches {
      @Subscribe('orders', 'batch', { deadLetter: '{source}.dlq', batch: { maxSize: 10 }, retry: { attempts: 1 } })
      handle(@Payload() texts: string[], @Ctx() context: BatchContext<string>) {
        if (texts.includes('throws')) throw new RejectMessage('thrown');
        if (texts.includes('by place')) context.deadLetter(texts.indexOf('by place'), 'look at it');
        if (!texts.includes('alone')) return;
        throw new BatchFailure(new Map([[texts.indexOf('alone'), new RejectMessage('alone')]]));
      }
    }
    const { harness, broker } = await testApp([Batches]);
    const texts = ['fine', 'by place', 'throws', 'alone', 'fine too'];
    await broker('orders').publishBatch(
      'batch',
      texts.map((text) => outgoing(text, { key: 'k' })),
    );
    await harness.settled();
    const parked = harness.deliveries({ outcome: 'dead-lettered' }).map(({ letter }) => letter?.payload);
    expect(parked.sort()).toEqual(['alone', 'by place', 'throws']);
    const acked = harness.deliveries({ outcome: 'acked' }).map(({ payload }) => payload);
    expect(acked.sort()).toEqual(['fine', 'fine too']);
  });
});

describe('a dead letter from the configuration', () => {
  it('is read once the application is built', async () => {
    class Config {
      readonly dlq = 'configured.dlq';
    }
    @Injectable()
    class Configured {
      @Subscribe('orders', 'in', { deadLetter: fromConfig(Config, ({ dlq }) => dlq) })
      handle() {
        throw new RejectMessage();
      }
    }
    const { harness } = await testApp([Config, Configured]);
    await harness.publish('orders', 'in', 'x');
    expect(harness.published('orders', 'configured.dlq')).toHaveLength(1);
  });
});

describe('broker.subscribe()', () => {
  it('has dead letters like a decorated handler, and refuses the same mistakes', async () => {
    const { harness, broker, get } = await testApp([Orders]);
    const failing = (): never => {
      throw new RejectMessage('no good');
    };
    await broker('orders').subscribe('hand', failing, { deadLetter });
    await harness.publish('orders', 'hand', { id: 5 });
    expect(get(Orders).parked).toEqual([{ id: 5 }]);
    const unknown = broker('orders').subscribe('other', failing, { deadLetter: { broker: 'x', destination: 'y' } });
    await expect(unknown).rejects.toMatchObject({ code: 'MULTI_BROKER_UNKNOWN_BROKER' });
    const loop = broker('orders').subscribe('other', failing, { deadLetter: '{source}' });
    await expect(loop).rejects.toMatchObject({ code: 'MULTI_BROKER_DEAD_LETTER_LOOP' });
  });
});
