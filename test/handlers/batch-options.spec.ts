import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type BatchOptions,
  MessageHeaders,
  MessageKey,
  MessageParam,
  Subscribe,
  type SubscribeOptions,
} from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

async function refusal(options: SubscribeOptions): Promise<unknown> {
  @Injectable()
  class Orders {
    @Subscribe('orders', 'in', options)
    on() {}
  }
  return testApp([Orders]).catch((thrown: unknown) => thrown);
}

describe('the option batch', () => {
  it.each([
    ['a number', 5, 'batch must be an object with maxSize'],
    ['no maxSize', { maxWaitMs: 5 }, 'batch must be an object with maxSize'],
    ['a maxSize of 0', { maxSize: 0 }, 'batch.maxSize must be a whole number from 1 to 10,000, not 0'],
    ['a larger maxSize', { maxSize: 10_001 }, 'batch.maxSize must be a whole number from 1 to 10,000'],
    ['a negative wait', { maxSize: 5, maxWaitMs: -1 }, 'batch.maxWaitMs must be 0 or more'],
    ['no bytes', { maxSize: 5, maxBytes: 0 }, 'batch.maxBytes must be a whole number from 1'],
    ['an unknown option', { maxSize: 5, maxWait: 1 }, 'maxWaitMs'],
  ])('with %s is a wiring error', async (_what, batch, says) => {
    const error = await refusal({ batch: batch as BatchOptions });
    expect(error).toMatchObject({ code: 'MULTI_BROKER_WIRING', message: expect.stringContaining(says) });
  });

  it('beside reply is a wiring error that says why', async () => {
    const batch = { maxSize: 5 };
    expect(await refusal({ batch, reply: true })).toMatchObject({
      problems: [{ code: 'MULTI_BROKER_OPTION_INVALID', message: expect.stringContaining('no request') }],
    });
  });
});

it('a decorator of one message in a handler with batch is a wiring error that names it', async () => {
  @Injectable()
  class Orders {
    @Subscribe('orders', 'in', { batch: { maxSize: 5 } })
    on(@MessageHeaders() _headers: unknown, @MessageKey() _key: unknown, @MessageParam('0') _param: unknown) {}
  }
  const error = await testApp([Orders]).catch((thrown: unknown) => thrown);
  const told = (name: string) => ({ code: 'MULTI_BROKER_PARAMETER', message: expect.stringContaining(name) });
  expect(error).toMatchObject({
    problems: expect.arrayContaining(
      ['@MessageHeaders()', '@MessageKey()', '@MessageParam()'].map((name) => expect.objectContaining(told(name))),
    ),
  });
});
