import { describe, expect, it, jest } from '@jest/globals';
import { DeliveredMessage } from '../../lib/delivery/index.js';
import type { BrokerMessage } from '../../lib/driver/index.js';
import { bindingOf } from '../../lib/handlers/index.js';
import { declaration } from '../support/declaration.js';
import { TestContext } from '../support/delivery-context.js';
import { fakeBroker, queue } from '../support/fake-kind.js';
import { FakeMessage } from '../support/fake-lane.js';

const orders = fakeBroker({ name: 'orders', addresses: { created: 'orders.created.v1' } });

it('a binding carries the source as the definition resolves it', () => {
  expect(bindingOf(orders, declaration())).toMatchObject({
    handler: 'Orders.onCreated',
    broker: 'orders',
    source: { address: 'orders.created.v1' },
  });
});

it('a binding keeps the publishers in the order in which they run', () => {
  const publishTo = ['a', 'b'].map((broker) => ({ broker, destination: 'x', options: { forward: { key: true } } }));
  expect(bindingOf(orders, declaration({ publishTo })).routes).toMatchObject([
    { broker: 'a', destination: 'x', forward: { key: true } },
    { broker: 'b', destination: 'x', forward: { key: true } },
  ]);
});

it('one mistake is thrown as itself', () => {
  expect(() => bindingOf(orders, declaration({ options: { retry: { attempts: 0 } } }))).toThrow(
    expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID', handler: 'Orders.onCreated' }),
  );
});

it('several mistakes are thrown together', () => {
  const options = { retry: { attempts: 0, delayMs: -1 } };
  expect(() => bindingOf(orders, declaration({ options, source: { kind: 'other' } }))).toThrow(
    expect.objectContaining({
      code: 'MULTI_BROKER_WIRING',
      problems: [expect.anything(), expect.anything(), expect.anything()],
    }),
  );
});

it('the filter of a handler goes along', () => {
  const filter = jest.fn((_message: unknown) => false);
  const { filter: bound } = bindingOf(orders, declaration({ source: queue('q'), options: { filter } }));
  const context = new TestContext({ body: '1' });
  expect(bound?.(context)).toBe(false);
  expect(filter).toHaveBeenCalledWith(context.message);
});

describe('what asks for an answer', () => {
  const requests = (own = {}, broker = {}) =>
    bindingOf(fakeBroker({ name: 'orders', ...broker }), declaration({ options: own })).requests;

  it('is handled 64 at a time and called once, where nobody says otherwise', () => {
    expect(requests()).toEqual({ concurrency: 64, attempts: 1 });
    expect(requests({ retry: { delayMs: 5 } })).toEqual({ concurrency: 64, attempts: 1 });
  });

  it('is called as often as the handler says, or its broker', () => {
    expect(requests({ retry: { attempts: 4 } })).toMatchObject({ attempts: 4 });
    expect(requests({ retry: { delayMs: 5 } }, { retry: { attempts: 2 } })).toMatchObject({ attempts: 2 });
  });

  it('is handled so many at a time as the handler says, or its broker; a number is meant for requests, too', () => {
    const broker = { concurrency: { requests: 5 } };
    expect(requests({}, broker)).toMatchObject({ concurrency: 5 });
    expect(requests({ concurrency: { requests: 200 } }, broker)).toMatchObject({ concurrency: 200 });
    expect(requests({ concurrency: 1 }, broker)).toMatchObject({ concurrency: 1 });
  });

  it('has no number of its own on a source that is kept: its messages have an order', () => {
    const kept = { ...orders, source: () => ({ ...orders.source('q'), durable: true }) };
    expect(() => bindingOf(kept, declaration({ options: { concurrency: { requests: 8 } } }))).toThrow(
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_UNSUPPORTED',
        message: expect.stringContaining('concurrency.requests is for core NATS'),
      }),
    );
  });
});

describe('calls side by side', () => {
  const orderOf = (own = {}, broker = {}) =>
    bindingOf(fakeBroker({ name: 'orders', ...broker }), declaration({ options: own })).sideBySide;

  it('are none, where neither the handler nor its broker asks for more than one', () => {
    expect(orderOf()).toBeUndefined();
    expect(orderOf({ concurrency: 1 }, { concurrency: 16 })).toBeUndefined();
    expect(orderOf({ concurrency: { requests: 16 } })).toBeUndefined();
  });

  it('are as many as the handler says, or its broker, option by option', () => {
    expect(orderOf({ concurrency: 16 })).toMatchObject({ perLane: 16, total: undefined });
    expect(orderOf({}, { concurrency: { perLane: 4, total: 9 } })).toMatchObject({ perLane: 4, total: 9 });
    expect(orderOf({ concurrency: { total: 5 } }, { concurrency: 16 })).toMatchObject({ perLane: 16, total: 5 });
  });

  it('are ordered by the key, by nothing, or by what a function of the message says', () => {
    const message = new FakeMessage({ body: '{"id":"7"}', key: 'k', headers: { tenant: 't' } });
    const keyBy = (orderBy?: unknown) => orderOf({ concurrency: { perLane: 2, orderBy } })?.keyOf(message);
    expect(keyBy()).toBe('k');
    expect(keyBy('key')).toBe('k');
    expect(keyBy('none')).toBeUndefined();
    expect(keyBy(({ headers }: BrokerMessage) => headers['tenant'])).toBe('t');
    expect(keyBy(({ payload }: BrokerMessage<{ id: string }>) => payload.id)).toBe('7');
  });

  it('of each lane are one after another, where only their total is limited', () => {
    const order = orderOf({ concurrency: { total: 4 } });
    expect(order).toMatchObject({ perLane: 1, total: 4 });
    expect(order?.keyOf(new FakeMessage({ key: 'a' }))).toBe(order?.keyOf(new FakeMessage({})));
  });

  it('fail for a message whose order cannot be told, and do not reach its handler', () => {
    const handled = jest.fn();
    const orderBy = (): string => {
      throw new Error('no tenant');
    };
    const { sideBySide, handle } = bindingOf(
      orders,
      declaration({ call: handled, options: { concurrency: { perLane: 2, orderBy } } }),
    );
    const message = new FakeMessage({});
    expect(sideBySide?.keyOf(message)).toBeUndefined();
    const context = Object.assign(new TestContext({ body: '1' }), { message: new DeliveredMessage(message, 1) });
    expect(() => handle(context)).toThrow('no tenant');
    expect(handled).not.toHaveBeenCalled();
  });

  it.each([
    ['a promise', 'promise', () => Promise.reject(new Error('no tenant'))],
    ['an object', 'object', () => ({ id: 7 })],
    ['a list', 'array', () => ['a']],
    ['a function', 'function', () => () => 'a'],
  ])('fail for a message whose order is %s, which no other message could have', (_, type, orderBy) => {
    const options = { concurrency: { perLane: 2, orderBy: orderBy as never } };
    const { sideBySide, handle } = bindingOf(orders, declaration({ call: jest.fn(), options }));
    const message = new FakeMessage({});
    expect(sideBySide?.keyOf(message)).toBeUndefined();
    const context = Object.assign(new TestContext({ body: '1' }), { message: new DeliveredMessage(message, 1) });
    expect(() => handle(context)).toThrow(
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_INVALID',
        message: expect.stringContaining(`must return a string, or undefined for a message without order, not ${type}`),
      }),
    );
  });

  it('have the order of equal numbers too, and none where the function gives null', () => {
    const keyBy = (given: unknown) =>
      orderOf({ concurrency: { perLane: 2, orderBy: () => given } })?.keyOf(new FakeMessage({}));
    expect(keyBy(7)).toBe('7');
    expect(keyBy(null)).toBeUndefined();
  });

  it('one after another need no order of their own', () => {
    expect(() => orderOf({ concurrency: { orderBy: 'none' } })).toThrow(
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_INVALID',
        message: expect.stringContaining('set concurrency.perLane above 1'),
      }),
    );
  });
});
