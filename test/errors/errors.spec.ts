import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import {
  asError,
  BrokerStartError,
  isMultiBrokerError,
  MultiBrokerError,
  PublishError,
  WiringError,
} from '../../lib/errors/index.js';

describe('an error', () => {
  it('carries what is known', () => {
    const cause = new Error('below');
    const details = { broker: 'orders', handler: 'Shop.on', cause, retryable: true };
    const error = new MultiBrokerError('MULTI_BROKER_REJECTED', 'No', details);
    expect(error).toMatchObject({ name: 'MultiBrokerError', code: 'MULTI_BROKER_REJECTED', ...details });
    expect(error).toBeInstanceOf(Error);
  });

  it('has no cause where there is none', () => {
    expect(Object.hasOwn(new MultiBrokerError('MULTI_BROKER_REJECTED', 'No'), 'cause')).toBe(false);
  });

  it.each([
    ['No', 'No. A guard'],
    ['No!', 'No! A guard'],
    ['No?', 'No? A guard'],
    ['No.', 'No. A guard'],
    ['a list\n', 'a list\nA guard'],
  ])('ends what it says (%j) before it says what to do', (what, beginning) => {
    expect(new MultiBrokerError('MULTI_BROKER_REJECTED', what).message.startsWith(beginning)).toBe(true);
  });

  it('is recognised whichever copy of the library made it', () => {
    const foreign = { [Symbol.for('nestjs-multi-broker.error')]: true };
    expect([
      isMultiBrokerError(foreign),
      isMultiBrokerError(new PublishError('MULTI_BROKER_STOPPED', 'x', { written: 'no' })),
    ]).toEqual([true, true]);
    for (const other of [new Error('x'), null, undefined, 'MULTI_BROKER_REJECTED', {}]) {
      expect(isMultiBrokerError(other)).toBe(false);
    }
  });
});

it('a publish error tells whether the server may have the message', () => {
  const error = new PublishError('MULTI_BROKER_PUBLISH_UNCONFIRMED', 'No PONG', { written: 'maybe', broker: 'events' });
  expect(error).toMatchObject({ name: 'PublishError', written: 'maybe', broker: 'events', retryable: true });
});

it('a wiring error tells all mistakes, each with its code', () => {
  const problems = [
    new MultiBrokerError('MULTI_BROKER_UNKNOWN_BROKER', "Shop.on: no 'oders'"),
    new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', 'Shop.off: ack'),
  ];
  const error = new WiringError(problems);
  expect(error.problems).toEqual(problems);
  expect(error.message.split('\n').slice(0, 3)).toEqual([
    'Invalid handler configuration:',
    `  - [MULTI_BROKER_UNKNOWN_BROKER] ${problems[0]?.message}`,
    `  - [MULTI_BROKER_OPTION_INVALID] ${problems[1]?.message}`,
  ]);
});

it('a start error names each broker and why', () => {
  const failures = [
    { broker: 'orders', error: new Error('no route') },
    { broker: 'events', error: new Error('refused') },
  ];
  const error = new BrokerStartError(failures);
  expect([error.failures, error.cause]).toEqual([failures, failures[0]?.error]);
  expect(error.message).toContain("  - 'orders': no route\n  - 'events': refused\n");
});

describe('what was thrown becomes an Error:', () => {
  it('an Error itself, of another realm too', () => {
    const error = new Error('x');
    expect(asError(error)).toBe(error);
    const foreign: unknown = runInNewContext('new RangeError("far")');
    expect(asError(foreign)).toBe(foreign);
  });

  it.each([['text'], [7], [undefined], [null], [{ message: 'no stack' }]])('%j one that carries it', (thrown) => {
    const error = asError(thrown);
    expect(error).toMatchObject({ code: 'MULTI_BROKER_HANDLER_VALUE', retryable: true });
    expect(error.message).toContain(`A ${typeof thrown} was thrown`);
    expect(error.cause).toBe(thrown);
  });
});
