import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  bytes,
  Ctx,
  type MessageContext,
  outgoing,
  Payload,
  PublishTo,
  type RawHeader,
  Subscribe,
} from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Carrier {
  @Subscribe('orders', 'in', { codec: bytes })
  @PublishTo('events', 'same', { codec: bytes })
  carry(@Payload() body: Uint8Array) {
    return body;
  }

  @Subscribe('orders', 'other', { codec: bytes })
  @PublishTo('events', 'made', { codec: bytes })
  make(@Payload() body: Uint8Array) {
    return Buffer.from(body);
  }
}

const forward = { key: true, headers: true } as const;

@Injectable()
class Round {
  @Subscribe('orders', 'there')
  @PublishTo('events', 'via', { forward })
  there(@Payload() payload: unknown) {
    return payload;
  }

  @Subscribe('events', 'via')
  @PublishTo('orders', 'back', { forward })
  back(@Payload() payload: unknown) {
    return payload;
  }

  @Subscribe('orders', 'back')
  end() {}

  @Subscribe('orders', 'spelt')
  @PublishTo('events', 'made', { headers: { 'Content-Type': 'text/csv' } })
  spelt() {
    return 'a,b';
  }

  @Subscribe('orders', 'data')
  @PublishTo('events', 'made', { headers: () => ({ 'X Y': '1', name: 'a\nb' }) })
  data(@Ctx() { message }: MessageContext) {
    return outgoing('x', { headers: message.headers, key: message.rawKey });
  }

  @Subscribe('events', 'echo')
  echo(@Payload() payload: unknown) {
    return payload;
  }
}

/** Headers of what was passed on by a publisher that asks for none. */
async function crossed(headers: Record<string, string>): Promise<Record<string, string>> {
  const { harness } = await testApp([Carrier]);
  await harness.publish('orders', 'other', Buffer.from('x'), { headers: { ...headers, 'content-type': 'text/plain' } });
  return { ...harness.published('events', 'made')[0]?.headers, 'content-type': 'none' };
}

const raw = (name: string, value: Buffer | string | null): RawHeader => [
  name,
  value === null ? null : Buffer.from(value),
];

describe('from Kafka to NATS and back', () => {
  it.each<[string, unknown]>([
    ['bytes that are no UTF-8', Buffer.from([0, 0, 0, 0, 7, 0xff, 0xfe])],
    ['an empty value', Buffer.alloc(0)],
    ['an empty text', ''],
    ['no value', null],
    ['numbers beyond 2^53', Buffer.from('{"id":9007199254740993}')],
    ['a number alone beyond 2^53', Buffer.from('12345678901234567890')],
  ])('%s comes as it was', async (_, payload) => {
    const { harness } = await testApp([Round]);
    await harness.publish('orders', 'there', payload);
    const [there, back] = ['Round.there', 'Round.end'].map((handler) => harness.deliveries({ handler })[0]?.body);
    expect(back).toEqual(there);
    expect(back === null).toBe(payload === null);
  });

  it.each([[Buffer.from([0xff, 1])], ['k\nl'], [' k '], ['grüß'], ['']])('key %j comes byte for byte', async (key) => {
    const { harness } = await testApp([Round]);
    await harness.publish('orders', 'there', 'x', { key });
    const [back] = harness.published('orders', 'back');
    expect(back?.rawKey ?? Buffer.from(back?.key ?? '-')).toEqual(Buffer.from(key as string));
  });

  it('headers come byte for byte; one without a value is left out, as kafkajs writes none', async () => {
    const { harness } = await testApp([Round]);
    const rawHeaders = [
      raw('partition', Buffer.from([0, 0, 0, 10])),
      raw('a b', '1'),
      raw('dup', '1'),
      raw('dup', '2'),
      raw('none', null),
    ];
    await harness.publish('orders', 'there', 'x', { headers: { plain: 'p' }, rawHeaders });
    const [back] = harness.published('orders', 'back');
    const found = (name: string) => back?.rawHeaders?.filter(([other]) => other === name) ?? [];
    for (const name of ['partition', 'a b', 'dup']) {
      expect(found(name)).toEqual(rawHeaders.filter(([other]) => other === name));
    }
    expect(back?.headers).toMatchObject({ plain: 'p', dup: '2' });
    expect(found('none')).toEqual([]);
  });

  it('a correlation id that no header can hold is replaced by a new one; an invalid trace context crosses only where it is asked to', async () => {
    const { harness } = await testApp([Round]);
    await harness.publish('orders', 'there', 'x', { headers: { 'correlation-id': 'a\nb', traceparent: 'c\nd' } });
    const [back] = harness.published('orders', 'back');
    const [first] = harness.deliveries({ handler: 'Round.there' });
    expect(back?.headers).toMatchObject({ 'correlation-id': first?.position });
    expect(back?.headers).toMatchObject({ traceparent: 'c\nd' });
    const own = await crossed({ 'correlation-id': 'a\nb', traceparent: 'c\nd' });
    expect(Object.keys(own)).toEqual(['correlation-id', 'multi-broker-hops', 'content-type']);
  });
});

describe('what a handler gives', () => {
  it('of a content type has one, in the spelling of the handler', async () => {
    const { harness } = await testApp([Round]);
    await harness.publish('orders', 'spelt', 'x');
    const [made] = harness.published('events', 'made');
    const types = Object.entries(made?.headers ?? {}).filter(([name]) => name.toLowerCase() === 'content-type');
    expect([types, made?.payload]).toEqual([[['Content-Type', 'text/csv']], 'a,b']);
  });

  it('of headers that NATS has no form for is carried all the same: a failure would hold the partition', async () => {
    const { harness } = await testApp([Round]);
    await harness.publish('orders', 'data', 'x', { key: Buffer.from([0xff]), headers: { trace: 'x\n\ty' } });
    const [made] = harness.published('events', 'made');
    expect(made?.headers).toMatchObject({ 'X Y': '1', name: 'a\nb', trace: 'x\n\ty' });
    expect(made?.rawKey).toEqual(Buffer.from([0xff]));
  });

  it('as an answer, unchanged, keeps its content type, in whatever spelling it came', async () => {
    const app = await testApp([Round]);
    const codec = { ...bytes };
    const headers = { 'Content-Type': 'image/png' };
    const body = Buffer.from([0xff, 0xd8]);
    const answer = await app.broker('events').request('echo', body, { headers, codec });
    expect(answer.headers['content-type'] ?? answer.headers['Content-Type']).toBe('image/png');
    expect(Buffer.from(answer.payload as Uint8Array)).toEqual(body);
  });
});

describe('a handler of bytes', () => {
  it('that returns its message passes the content type on, so that "42" stays a text', async () => {
    const { harness } = await testApp([Carrier]);
    await harness.publish('orders', 'in', '42');
    const [sent] = harness.published('events', 'same');
    expect(sent).toMatchObject({ payload: '42', headers: { 'content-type': 'text/plain' } });
  });

  it('that returns other bytes says nothing of their content type', async () => {
    const { harness } = await testApp([Carrier]);
    await harness.publish('orders', 'other', '42');
    const [sent] = harness.published('events', 'made');
    expect(sent?.headers).not.toHaveProperty('content-type');
  });
});
