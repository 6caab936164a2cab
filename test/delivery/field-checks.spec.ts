import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type MessageContext, outgoing, PublishTo, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

/** What comes from a parsed body gets past the compiler. */
const parsed = JSON.parse('{"id":7,"none":null}') as { id: string; none: string };

@Injectable()
class Orders {
  @Subscribe('orders', 'key', { retry: { attempts: 1 } })
  @PublishTo('events', 'out', { key: () => parsed.id })
  key() {
    return 'x';
  }

  @Subscribe('orders', 'header', { retry: { attempts: 1 } })
  @PublishTo('events', 'out', { headers: (_result: unknown, _context: MessageContext) => ({ id: parsed.id }) })
  header() {
    return 'x';
  }

  @Subscribe('orders', 'item', { retry: { attempts: 1 } })
  @PublishTo('events', 'out')
  item() {
    return outgoing('x', { headers: { none: parsed.none } });
  }
}

describe('a key or header that is no text', () => {
  it.each([
    [
      'key',
      'MULTI_BROKER_OPTION_INVALID',
      "published by Orders.key on broker 'events' the option key must be a string",
    ],
    ['header', 'MULTI_BROKER_HEADER_INVALID', 'the header "id" must be a string, not number'],
    ['item', 'MULTI_BROKER_HEADER_INVALID', 'the header "none" must be a string, not null'],
  ])('fails the handler (%s) by a code that is not tried again, nothing written', async (address, code, text) => {
    const { harness } = await testApp([Orders]);
    const message = expect.stringContaining(text) as unknown as string;
    await expect(harness.publish('orders', address, 1)).rejects.toMatchObject({ code, message, retryable: false });
    expect(harness.published('events')).toEqual([]);
    expect(harness.pending()).toMatchObject([{ why: 'hold' }]);
  });

  it('is an error answer to who asked', async () => {
    @Injectable()
    class Answers {
      @Subscribe('events', 'ask')
      answer() {
        return outgoing('x', { headers: { id: parsed.id } });
      }
    }
    const app = await testApp([Answers]);
    await expect(app.broker('events').request('ask', 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_FAILED',
      message: expect.stringContaining('the header "id" must be a string') as unknown,
    });
  });

  it('is refused in an explicit publish', async () => {
    const app = await testApp([]);
    for (const name of ['orders', 'events']) {
      await expect(app.broker(name).publish('out', 'x', { key: parsed.id })).rejects.toMatchObject({
        code: 'MULTI_BROKER_OPTION_INVALID',
      });
      await expect(app.broker(name).publish('out', 'x', { headers: { id: parsed.id } })).rejects.toMatchObject({
        code: 'MULTI_BROKER_HEADER_INVALID',
      });
      await expect(
        app.broker(name).publishBatch('out', [outgoing('x', { headers: { id: parsed.id } })]),
      ).rejects.toMatchObject({ code: 'MULTI_BROKER_HEADER_INVALID' });
    }
  });

  it.each<[string, unknown, string]>([
    ['a Map', new Map([['id', '7']]), 'object'],
    ['the Headers of fetch()', new Headers({ id: '7' }), 'object'],
    ['a list of strings', ['id'], 'array'],
    ['a string', 'id', 'string'],
  ])('is refused where %s stands for all headers: none of them would be written', async (_what, given, type) => {
    const app = await testApp([]);
    const headers = given as Record<string, string>;
    const message = `In what is published on broker 'events' headers must be a plain object of names and strings, not ${type}`;
    const refused = { code: 'MULTI_BROKER_HEADER_INVALID', message: expect.stringContaining(message) as unknown };
    await expect(app.broker('events').publish('out', 'x', { headers })).rejects.toMatchObject(refused);
    await expect(app.broker('events').publish('out', outgoing('x', { headers }))).rejects.toMatchObject(refused);
    expect(app.harness.published('events')).toEqual([]);
  });
});
