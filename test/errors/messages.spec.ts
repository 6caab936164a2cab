import { describe, expect, it } from '@jest/globals';
import {
  errorAt,
  errorFrom,
  errorOf,
  phrase,
  problemIn,
  problemOf,
  publishErrorOf,
  textOf,
} from '../../lib/errors/index.js';

describe('a message', () => {
  it('has its placeholders filled in', () => {
    expect(textOf('MULTI_BROKER_START_TIMEOUT', { ms: 30_000 })).toBe('Not started within 30000 ms');
    expect(textOf('MULTI_BROKER_CLIENT_MISSING.package', { broker: 'orders', package: 'kafkajs' })).toBe(
      "Broker 'orders' needs the package 'kafkajs', which is not installed (npm install kafkajs)",
    );
  });

  it('shows a value as it is, placeholders and patterns of replace() included', () => {
    const params = { source: '{by} $& {why}', other: 'Shop.on', why: '$1' };
    expect(textOf('MULTI_BROKER_SOURCE_CLASH.handlers', params)).toBe('{by} $& {why} is already read by Shop.on: $1');
  });

  it('may show the reader an object', () => {
    expect(textOf('MULTI_BROKER_OPTION_INVALID.kafkaTopics', {})).toBe(
      'topics has to be an object: { incoming: { partitions: 6 } }',
    );
  });

  it('is made of phrases where they are common to several', () => {
    expect(phrase('atHandler', { handler: 'Shop.on', broker: 'orders' })).toBe("Shop.on, broker 'orders'");
    expect(phrase('isEmpty')).toBe('is empty');
  });
});

describe('an error of the catalogue', () => {
  it('has the code of its message, and the broker and the handler that it names', () => {
    const error = errorOf('MULTI_BROKER_UNKNOWN_BROKER.deadLetter', { handler: 'Shop.on', broker: 'oders' });
    expect(error).toMatchObject({
      code: 'MULTI_BROKER_UNKNOWN_BROKER',
      broker: 'oders',
      handler: 'Shop.on',
      retryable: false,
    });
    expect(error.message).toBe(
      "deadLetter of Shop.on names the broker 'oders', which is not defined. List the broker in MultiBrokerModule.forRoot(), or correct its name.",
    );
  });

  it('takes what its message does not name from the details', () => {
    const cause = new Error('below');
    const error = errorOf('MULTI_BROKER_STOPPED.all', {}, { broker: 'orders', retryable: true, cause });
    expect(error).toMatchObject({ broker: 'orders', handler: undefined, retryable: true, cause });
  });

  it('of a publish says whether the server may have the message', () => {
    const params = { broker: 'events', destination: 'subject out' };
    const error = publishErrorOf('MULTI_BROKER_NOT_CONNECTED.unwritten', params, { written: 'no' });
    expect(error).toMatchObject({ name: 'PublishError', written: 'no', broker: 'events' });
  });
});

describe('a problem', () => {
  const problem = problemOf('MULTI_BROKER_OPTION_INVALID.mustBe', { option: 'ack', expected: 'text', value: 7 });

  it('becomes an error, with its place before it where that is known', () => {
    expect(errorFrom(problem).message).toBe('the option ack must be text, not 7. Correct the named option.');
    expect(errorAt('@Subscribe', problem, { handler: 'Shop.on' })).toMatchObject({
      code: 'MULTI_BROKER_OPTION_INVALID',
      handler: 'Shop.on',
      message: '@Subscribe: the option ack must be text, not 7. Correct the named option.',
    });
  });

  it('is found in an error, without the remedy', () => {
    expect(errorAt('Shop.on', problemIn(errorFrom(problem))).message).toBe(
      'Shop.on: the option ack must be text, not 7. Correct the named option.',
    );
  });
});
