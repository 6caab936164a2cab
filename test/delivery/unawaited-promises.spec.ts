import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { type Codec, type Encoded, json, MultiBroker, outgoing, PublishTo, Subscribe } from '../../lib/index.js';
import { toStream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

// What is typed as text comes as a promise where the compiler is got past. An unhandled rejection would fail this file.
const later = (): never => Promise.reject(new Error('no store')) as never;

/** Asks a registry that is away for numbers, and takes nothing else. */
const registry: Codec = {
  encode: (payload) => {
    if (typeof payload !== 'number') throw new Error('no number');
    return Promise.reject<Encoded>(new Error('the registry is away'));
  },
  decode: (body) => json.decode(body, undefined),
};

const attempts = { retry: { attempts: 1 } };

@Injectable()
class Orders {
  @Subscribe('orders', 'key', attempts)
  @PublishTo('events', 'out', { key: later })
  key() {
    return 'x';
  }

  @Subscribe('orders', 'headers', attempts)
  @PublishTo('events', 'out', { headers: later })
  headers() {
    return 'x';
  }

  @Subscribe('orders', 'header', attempts)
  @PublishTo('events', 'out')
  header() {
    return outgoing('x', { headers: { id: later() } });
  }

  @Subscribe('orders', 'dedupe', attempts)
  @PublishTo('events', toStream('kept'), { dedupeId: later })
  dedupe() {
    return 'x';
  }

  @Subscribe('orders', 'core', attempts)
  @PublishTo('events', toStream('kept'), { dedupeId: later })
  core() {
    return outgoing('x', { destination: 'out' });
  }

  @Subscribe('orders', 'items', attempts)
  @PublishTo('events', 'out', { codec: registry })
  items() {
    return outgoing.each([1, 'two']);
  }
}

describe('a promise in place of a value of a publisher', () => {
  it.each([
    ['key', 'the option key must be a string'],
    ['headers', 'headers must be a plain object of names and strings, not promise'],
    ['header', 'the header "id" must be a string, not promise'],
    ['dedupe', 'promise'],
    ['core', 'dedupeId'],
  ])('is refused, and where it rejects, too, the process goes on: %s', async (source, reason) => {
    const { harness } = await testApp([Orders]);
    await expect(harness.publish('orders', source, 1)).rejects.toThrow(reason);
    expect(harness.published('events')).toEqual([]);
  });

  it('is refused of an onPublish() hook with and without a schema that takes its time', async () => {
    const { moduleRef, broker } = await testApp([]);
    moduleRef.get(MultiBroker).onPublish(later);
    await expect(broker('orders').publish('q', 'x')).rejects.toThrow('promise');
    const schema = v.pipeAsync(
      v.string(),
      v.checkAsync(async () => false),
    );
    await expect(broker('orders').publish('q', 'x', { schema })).rejects.toThrow('promise');
  });
});

const lists: readonly [string, () => unknown][] = [
  ['a list', () => [later(), later()]],
  ['a field', () => ({ order: { lines: [1, later()] } })],
  ['an outgoing()', () => outgoing(later(), { key: later(), headers: { one: later(), two: later() } })],
  ['two headers', () => outgoing('x', { headers: { one: later(), two: later() } })],
  ['a key and a header', () => outgoing('x', { key: later(), headers: { one: later() } })],
];

describe('promises in what is to be published', () => {
  it('as the items of a result are refused, and where several reject, too, the process goes on', async () => {
    @Injectable()
    class Items {
      @Subscribe('orders', 'q', attempts)
      @PublishTo('events', 'out')
      items() {
        return outgoing.each([later(), later()]);
      }
    }
    const { harness } = await testApp([Items]);
    await expect(harness.publish('orders', 'q', 1)).rejects.toMatchObject({ code: 'MULTI_BROKER_UNENCODABLE' });
  });

  it.each(lists)('are refused, and where several reject, too, the process goes on: %s', async (_, result) => {
    @Injectable()
    class Lists {
      @Subscribe('orders', 'q', attempts)
      @PublishTo('events', 'out')
      @PublishTo('events', 'lossy', { bestEffort: true })
      listed() {
        return result();
      }

      @Subscribe('events', 'q', { ...attempts, reply: true })
      answered() {
        return result();
      }
    }
    const { harness, broker } = await testApp([Lists]);
    await expect(harness.publish('orders', 'q', 1)).rejects.toThrow();
    await expect(broker('events').request('q', 1)).rejects.toMatchObject({ code: 'MULTI_BROKER_REQUEST_FAILED' });
    harness.reset();
    expect(harness.published('events')).toEqual([]);
  });

  it.each(lists)('by code are refused, and where several reject, too, the process goes on: %s', async (_, payload) => {
    const { broker } = await testApp([]);
    const events = broker('events');
    const refused = expect.objectContaining({ code: expect.stringMatching(/_(UNENCODABLE|HEADER_INVALID)$/) });
    await expect(events.publish('q', payload())).rejects.toEqual(refused);
    await expect(events.publishBatch('q', [payload(), payload()])).rejects.toEqual(refused);
    await expect(events.request('q', payload())).rejects.toEqual(refused);
    const headers = { one: later(), two: later() };
    await expect(events.publish('q', payload(), { key: later(), headers })).rejects.toEqual(refused);
  });
});

it('promises of a batch whose result has another length end no process when they reject', async () => {
  @Injectable()
  class Batches {
    @Subscribe('orders', 'q', { ...attempts, batch: { maxSize: 2 } })
    batch() {
      return [later(), later()];
    }
  }
  const { harness } = await testApp([Batches]);
  await expect(harness.publish('orders', 'q', 1)).rejects.toMatchObject({ code: 'MULTI_BROKER_BATCH_RESULT' });
});

it('a promise in place of the name of a bus is refused, as brokers would share one bus, and ends no process', async () => {
  await expect(testApp([], { bus: later })).rejects.toThrow('the option bus must be a function that returns a text');
});

describe('an onPublish() hook that gives what has no fields', () => {
  it.each([
    ['Map', new Map([['a', 'b']])],
    ['array', ['a']],
  ])('fails the publish, as its headers would be lost in silence: %s', async (_, headers) => {
    const { moduleRef, broker } = await testApp([]);
    moduleRef.get(MultiBroker).onPublish(() => headers as never);
    await expect(broker('orders').publish('q', 'x')).rejects.toMatchObject({ code: 'MULTI_BROKER_HEADER_INVALID' });
  });
});

describe('an item that cannot be published', () => {
  it('behind one whose codec is to reject fails the message, and the process goes on', async () => {
    const { harness } = await testApp([Orders]);
    await expect(harness.publish('orders', 'items', 1)).rejects.toMatchObject({ code: 'MULTI_BROKER_UNENCODABLE' });
  });

  it('of publishBatch() behind one whose codec is to reject fails the batch, and the process goes on', async () => {
    const { broker } = await testApp([]);
    await expect(broker('orders').publishBatch('q', [1, 'two'], { codec: registry })).rejects.toMatchObject({
      code: 'MULTI_BROKER_UNENCODABLE',
    });
  });

  it('as its headers are wrong, while its schema is to refuse it, fails its publish, and the process goes on', async () => {
    const { broker } = await testApp([]);
    const schema = v.pipeAsync(
      v.string(),
      v.checkAsync(async () => false),
    );
    const headers = { id: 7 as unknown as string };
    await expect(broker('orders').publish('q', 'x', { schema, headers })).rejects.toMatchObject({
      code: 'MULTI_BROKER_HEADER_INVALID',
    });
  });
});
