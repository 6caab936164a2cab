import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type LoggerService, type Type } from '@nestjs/common';
import { byType, type StandardSchema, Subscribe, type SubscribeOptions } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

// What the compiler refuses, and JavaScript gives all the same. An unhandled rejection would fail this file.
const giving = (value: unknown) => (): never => value as never;
const later = (): never => Promise.reject(new Error('no store')) as never;

const calls: unknown[] = [];

function handlerWith(options: SubscribeOptions, handled: () => unknown = () => undefined): Type {
  @Injectable()
  class Orders {
    @Subscribe('events', 'q', { retry: { attempts: 1 }, ...options })
    taken(payload: unknown) {
      calls.push(payload);
      return handled();
    }
  }
  return Orders;
}

async function publishedTo(handler: Type, logger?: LoggerService): Promise<readonly unknown[]> {
  calls.length = 0;
  const { harness } = await testApp([handler], logger && { logger });
  await harness.publish('events', 'q', 'x');
  return calls;
}

const OPTION_INVALID = 'MULTI_BROKER_OPTION_INVALID';

describe.each<[string, SubscribeOptions]>([
  ['one message', {}],
  ['a batch', { batch: { maxSize: 2 } }],
])('a filter of %s', (_, options) => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['object', {}],
    ['array', []],
    ['undefined', Promise.resolve(undefined)],
  ])('that answers neither yes nor no, but %s, fails the message', async (type, answer) => {
    const run = publishedTo(handlerWith({ ...options, filter: giving(answer) }));
    await expect(run).rejects.toMatchObject({
      code: OPTION_INVALID,
      message: expect.stringContaining(`must return true or false, or a promise of it, not ${type}`),
    });
    expect(calls).toEqual([]);
  });

  it.each([
    [1, 1],
    ['yes', 1],
    [0, 0],
    ['', 0],
    [Promise.resolve('yes'), 1],
  ])('may answer with a text or a number: %p', async (answer, count) => {
    expect(await publishedTo(handlerWith({ ...options, filter: giving(answer) }))).toHaveLength(count);
  });
});

describe('retryIf', () => {
  it.each([
    ['promise', later],
    ['promise', giving(Promise.resolve(true))],
    ['undefined', giving(undefined)],
  ])(
    'that answers neither yes nor no, but a %s, is reported, and its message is not retried',
    async (type, retryIf) => {
      const logged: unknown[][] = [];
      const logger: LoggerService = { log() {}, warn() {}, error: (...line: unknown[]) => void logged.push(line) };
      const fails = () => {
        throw new Error('boom');
      };
      await expect(publishedTo(handlerWith({ retry: { attempts: 3, retryIf } }, fails), logger)).rejects.toThrow(
        'boom',
      );
      expect(calls).toHaveLength(1);
      expect(JSON.stringify(logged)).toContain(`retry.retryIf of Orders.taken must return true or false, not ${type}`);
    },
  );
});

describe('a schema', () => {
  const schemaOf = (validate: () => never): StandardSchema => ({
    '~standard': { version: 1, vendor: 'own', validate },
  });

  it.each([
    ['undefined', undefined],
    ['boolean', true],
    ['boolean', false],
    ['object without value and issues', {}],
    ['object whose issues are no list', { issues: 'wrong' }],
    ['undefined', Promise.resolve(undefined)],
  ])('that gives what is no result, but %s, fails the message', async (type, result) => {
    const schema = schemaOf(giving(result));
    const refusal = {
      code: OPTION_INVALID,
      message: expect.stringContaining(`must return { value } or { issues }, as Standard Schema has it, not ${type}`),
    };
    await expect(publishedTo(handlerWith({ schema }))).rejects.toMatchObject(refusal);
    await expect(publishedTo(handlerWith({ filter: byType(schema) }))).rejects.toMatchObject(refusal);
    expect(calls).toEqual([]);
  });

  it.each([null, 'wrong', { message: 'no', path: 'a' }])('may describe an issue badly: %p', async (issue) => {
    const schema = schemaOf(giving({ issues: [issue] }));
    await expect(publishedTo(handlerWith({ schema }))).rejects.toMatchObject({ code: 'MULTI_BROKER_SCHEMA_INVALID' });
  });
});
