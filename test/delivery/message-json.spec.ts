import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, MessageContext, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Echo {
  @Subscribe('events', 'echo')
  echo(@Ctx() { message }: MessageContext) {
    return JSON.parse(JSON.stringify(message)) as unknown;
  }
}

it('a message as JSON is all that a handler sees of it, but the client’s own', async () => {
  const app = await testApp([Echo]);
  const answer = await app.broker('events').request('echo', { a: 1 }, { key: 'k', headers: { h: '1' } });
  const seen = { payload: { a: 1 }, key: 'k', attempt: 1, replyTo: expect.any(String) as unknown };
  expect(answer.payload).toEqual({
    ...seen,
    headers: expect.objectContaining({ h: '1' }) as unknown,
    id: expect.any(String) as unknown,
    correlationId: expect.any(String) as unknown,
    timestamp: expect.any(Number) as unknown,
  });
  expect(Object.keys(JSON.parse(JSON.stringify(answer)) as object)).not.toContain('raw');
  expect(JSON.parse(JSON.stringify(answer))).toMatchObject({ payload: answer.payload, attempt: 1 });
});
