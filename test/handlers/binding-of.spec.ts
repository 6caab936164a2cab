import { describe, expect, it, jest } from '@jest/globals';
import { bindingOf } from '../../lib/handlers/index.js';
import { declaration } from '../support/declaration.js';
import { TestContext } from '../support/delivery-context.js';
import { fakeBroker, queue } from '../support/fake-kind.js';

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
