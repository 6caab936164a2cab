import { describe, expect, it } from '@jest/globals';
import type { BrokerMessage, StandardSchema } from '../../lib/driver/index.js';
import { byHeader, byType } from '../../lib/handlers/index.js';
import { auto } from '../../lib/codec/index.js';
import { filterOf } from '../../lib/handlers/binding.js';
import { declaration } from '../support/declaration.js';
import { TestContext } from '../support/delivery-context.js';

const message = (headers: Record<string, string>, payload?: unknown) => ({ headers, payload }) as BrokerMessage;

describe('byHeader', () => {
  it.each([
    ['eu', 'eu', true],
    ['eu', 'europe', false],
    [/^us-/, 'us-east', true],
    [/^us-/, 'eu', false],
    [['eu', /^us-/], 'us-west', true],
    [['eu', /^us-/], 'asia', false],
  ])('%p takes %p: %p', (wanted, region, takes) => {
    expect(byHeader('region', wanted)(message({ region }))).toBe(takes);
  });

  it('takes no message without the header', () => {
    expect(byHeader('region', /.*/)(message({}))).toBe(false);
  });

  it('finds a header in any spelling, the same one first', () => {
    expect(byHeader('region', 'eu')(message({ Region: 'eu' }))).toBe(true);
    expect(byHeader('region', 'eu')(message({ Region: 'eu', region: 'us' }))).toBe(false);
  });

  it('decides each message alone, also by a global RegExp', () => {
    const filter = byHeader('region', /eu/g);
    expect([filter(message({ region: 'eu' })), filter(message({ region: 'eu' }))]).toEqual([true, true]);
  });

  it('decides without decoding', () => {
    const filter = filterOf(declaration({ options: { filter: byHeader('type', 'a') } }), auto);
    const context = new TestContext({ body: '{', headers: { 'content-type': 'application/json', type: 'a' } });
    expect(filter!(context)).toBe(true);
    expect(context.message.payload).toBeUndefined();
  });

  it.each([
    ['', 'x'],
    ['type', undefined],
    ['type', []],
    ['type', [undefined]],
  ])('refuses a name or a value that is unset: %p %p', (name, value) => {
    expect(() => byHeader(name, value as never)).toThrow(
      expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID', message: expect.stringContaining('byHeader()') }),
    );
  });
});

describe('byType', () => {
  class OrderCreated {
    id = 1;
  }
  const validate = (value: unknown) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] });
  const text: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate } };

  it('of a class takes messages whose header message-type is its name', () => {
    const filter = byType(OrderCreated);
    expect([
      filter(message({ 'message-type': 'OrderCreated' })),
      filter(message({ 'message-type': 'Other' })),
      filter(message({})),
    ]).toEqual([true, false, false]);
  });

  it('of a schema takes messages whose payload it accepts', () => {
    expect([byType(text)(message({}, 'x')), byType(text)(message({}, 1))]).toEqual([true, false]);
  });

  it('of an asynchronous schema gives a promise', async () => {
    const later: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: async (value) => validate(value) },
    };
    expect(await Promise.all([byType(later)(message({}, 'x')), byType(later)(message({}, 1))])).toEqual([true, false]);
  });

  it.each([
    undefined,
    'OrderCreated',
    (() =>
      class {
        id = 1;
      })(),
    {},
  ])('refuses %p', (type) => {
    expect(() => byType(type as never)).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID' }));
  });
});
