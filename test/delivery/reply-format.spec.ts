import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Codec, json, type ReplyFormat, Subscribe } from '../../lib/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

// What the compiler refuses, and JavaScript gives all the same. An unhandled rejection would fail this file.
const giving = (value: unknown) => (): never => value as never;
const later = (): never => Promise.reject(new Error('no store')) as never;
const throws = (): never => {
  throw new Error('thrown');
};

const format: ReplyFormat = {
  byTopic: false,
  replyTo: ({ replyTo }) => (replyTo === undefined ? undefined : { to: replyTo }),
  answer: (payload) => json.encode({ payload }),
  failure: ({ message }) => json.encode({ failure: message }),
  request: (payload) => json.encode(payload),
  read: ({ body }) => json.decode(body!, undefined) as ReturnType<ReplyFormat['read']>,
};

@Injectable()
class Questions {
  @Subscribe('events', 'works', { reply: true })
  works() {
    return 5;
  }

  @Subscribe('events', 'fails', { reply: true })
  fails() {
    throw new Error('boom');
  }
}

interface Asked {
  /** What became of the request, for its handler. */
  readonly outcome: string | undefined;
  readonly answer: Promise<unknown>;
  readonly warnings: string;
}

async function ask(subject: 'works' | 'fails', replies: Partial<ReplyFormat>): Promise<Asked> {
  const codec: Codec = {
    encode: (payload) => json.encode(payload),
    decode: json.decode,
    replies: { ...format, ...replies },
  };
  const warnings: unknown[] = [];
  const logger = { log() {}, error() {}, warn: (line: unknown) => void warnings.push(line) };
  const { broker, harness } = await testApp([Questions], {
    definitions: [natsBroker({ name: 'events', client: {}, codec })],
    logger,
  });
  harness.expectFailures();
  const answer = broker('events')
    .request(subject, 1)
    .then(({ payload }) => payload);
  answer.catch(() => undefined);
  await harness.settled();
  return { outcome: harness.deliveries()[0]?.outcome, answer, warnings: warnings.join('\n') };
}

describe('a reply format whose answer() gives no answer', () => {
  it.each([
    ['promise', later],
    ['undefined', giving(undefined)],
    ['object', giving({})],
    ['string', giving('5')],
  ])('but a %s, answers with that failure, and its message is settled', async (type, answer) => {
    const asked = await ask('works', { answer });
    const reason = `codec.replies.answer() of Questions.works must return { body: Uint8Array | null }, not ${type}`;
    await expect(asked.answer).rejects.toMatchObject({ message: expect.stringContaining(reason) });
    expect(asked.outcome).toBe('acked');
  });

  it('but headers that are none, answers with that failure', async () => {
    const asked = await ask('works', { answer: giving({ body: null, headers: { id: later() } }) });
    await expect(asked.answer).rejects.toMatchObject({ message: expect.stringContaining('the header "id" must be') });
  });
});

describe('a reply format that cannot write a failure', () => {
  it.each([
    ['promise', later],
    ['undefined', giving(undefined)],
    ['object', giving({})],
  ])('as failure() gives a %s, is logged, and its message is settled', async (type, failure) => {
    const { outcome, warnings } = await ask('fails', { failure });
    expect(warnings).toContain(`codec.replies.failure() of Questions.fails must return`);
    expect(warnings).toContain(`not ${type}`);
    expect(outcome).toBe('failed');
  });

  it('as it throws, is logged, and its message is settled', async () => {
    const { outcome, warnings } = await ask('fails', { failure: throws });
    expect(warnings).toContain('The answer of Questions.fails was not sent: thrown');
    expect(outcome).toBe('failed');
  });
});

describe('a reply format that cannot tell where an answer goes', () => {
  it.each([
    ['promise', later],
    ['object', giving({})],
    ['string', giving('inbox')],
  ])('as replyTo() gives a %s, is logged, and its message is settled', async (type, replyTo) => {
    const { outcome, warnings } = await ask('works', { replyTo });
    expect(warnings).toContain(
      `codec.replies.replyTo() of Questions.works must return { to }, or undefined for no request, not ${type}`,
    );
    expect(outcome).toBe('acked');
  });

  it('as it throws, is logged, and its message is settled', async () => {
    const works = await ask('works', { replyTo: throws });
    expect(works.warnings).toContain('The answer of Questions.works was not sent: thrown');
    expect(works.outcome).toBe('acked');
    expect((await ask('fails', { replyTo: throws })).outcome).toBe('failed');
  });
});

describe('a reply format whose read() gives no answer', () => {
  it.each([
    ['a promise that rejects', later],
    ['undefined', giving(undefined)],
    ['an object of neither', giving({})],
    ['text', giving('5')],
  ])('but %s, fails the request', async (_, read) => {
    await expect((await ask('works', { read })).answer).rejects.toMatchObject({ code: 'MULTI_BROKER_UNDECODABLE' });
  });
});
