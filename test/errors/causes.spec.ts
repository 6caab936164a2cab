import { expect, it } from '@jest/globals';
import { codeOf, lineWithCauses, MultiBrokerError, stackWithCauses } from '../../lib/errors/index.js';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const failure = new Error('The order was not stored', { cause: refused });

it('an error is told with each cause beneath it', () => {
  expect(stackWithCauses(failure)).toBe(`${failure.stack!}\nCaused by: ${refused.stack!}`);
  expect(lineWithCauses(failure)).toBe('Error: The order was not stored; caused by Error: connect ECONNREFUSED');
});

it('a line is one line', () => {
  expect(lineWithCauses(new Error('a\n  b'))).toBe('Error: a b');
});

it('the code is the nearest one', () => {
  expect(codeOf(failure)).toBe('ECONNREFUSED');
  expect(codeOf(new MultiBrokerError('MULTI_BROKER_STOPPED', 'x', { cause: failure }))).toBe('MULTI_BROKER_STOPPED');
  expect(codeOf(new Error('none'))).toBeUndefined();
});

it('causes that are a circle end', () => {
  const one = new Error('one');
  one.cause = new Error('two', { cause: one });
  expect(lineWithCauses(one)).toBe('Error: one; caused by Error: two');
});

it('what was thrown and is no Error is named by its type, as it may be a payload; a text is told', () => {
  expect(lineWithCauses(new Error('x', { cause: 'because' }))).toBe('Error: x; caused by because');
  expect(stackWithCauses(new Error('x', { cause: { card: '4111' } }))).toMatch(/\nCaused by: a value of type object$/);
});

it.each(['MULTI_BROKER_UNDECODABLE', 'MULTI_BROKER_UNENCODABLE'] as const)(
  'the payload, which a codec quotes, is in no line: %s',
  (code) => {
    const error = new MultiBrokerError(code, 'x', { cause: new RangeError('bad: topsecret') });
    const above = new Error('A filter made this', { cause: error });
    for (const one of [error, above]) {
      expect(lineWithCauses(one)).toContain('caused by RangeError (its message may quote the payload)');
      expect(lineWithCauses(one) + stackWithCauses(one)).not.toContain('topsecret');
      expect(stackWithCauses(one)).toMatch(/\n {4}at .*causes\.spec/);
    }
  },
);

it('nor is what JSON.parse() quotes', () => {
  const thrown = (() => {
    try {
      return JSON.parse('topsecret') as Error;
    } catch (error) {
      return error as Error;
    }
  })();
  const error = new Error('No order', { cause: thrown });
  expect(lineWithCauses(error) + stackWithCauses(error)).not.toContain('topsec');
});
