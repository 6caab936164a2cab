import { describe, expect, it } from '@jest/globals';
import * as kafkajs from 'kafkajs';
import { failures } from '../../lib/kafka/driver/kafkajs/failures.js';
import { failureOf } from '../../lib/kafka/driver/producer/publish-outcomes.js';

const refused = (type: string, retriable = false): Error =>
  Object.assign(new kafkajs.KafkaJSProtocolError({ name: 'KafkaJSProtocolError', message: type }), { type, retriable });

/** As kafkajs gives up: the error that it wraps is its cause. */
const givenUp = (cause: Error): Error =>
  new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 });

describe("an error of Kafka's protocol", () => {
  it.each([
    ['alone', refused('TOPIC_AUTHORIZATION_FAILED')],
    ['as the cause of one of kafkajs', givenUp(refused('TOPIC_AUTHORIZATION_FAILED'))],
    ['as the cause of any other', new Error('no', { cause: refused('TOPIC_AUTHORIZATION_FAILED') })],
  ])('is found %s', (_where, thrown) => {
    expect(failures.protocolError(thrown)).toBe('TOPIC_AUTHORIZATION_FAILED');
  });

  it('is none where the server has not answered', () => {
    const itself: Error = Object.assign(new Error('no'), { cause: undefined });
    (itself as { cause: unknown }).cause = itself;
    expect([new Error('no'), itself, undefined, 'text'].map((thrown) => failures.protocolError(thrown))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a send that failed', () => {
  it.each<[string, Error, Record<string, unknown>]>([
    [
      'for want of a leader',
      givenUp(refused('NOT_LEADER_FOR_PARTITION', true)),
      { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no' },
    ],
    [
      'as the topic is missing',
      refused('UNKNOWN_TOPIC_OR_PARTITION', true),
      { code: 'MULTI_BROKER_DESTINATION_UNKNOWN', written: 'no', retryable: true },
    ],
    ['for its size', refused('MESSAGE_TOO_LARGE'), { code: 'MULTI_BROKER_PAYLOAD_TOO_LARGE', isOfOneMessage: true }],
    [
      'as it is not allowed',
      refused('TOPIC_AUTHORIZATION_FAILED'),
      { code: 'MULTI_BROKER_PUBLISH_REJECTED', isOfOneMessage: false },
    ],
    [
      'by an answer that is no answer',
      refused('REQUEST_TIMED_OUT', true),
      { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe' },
    ],
    [
      'without a connection',
      Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
      { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no' },
    ],
    [
      'without an answer',
      new kafkajs.KafkaJSRequestTimeoutError('late', {
        broker: 'b',
        clientId: 'c',
        correlationId: 1,
        createdAt: 1,
        sentAt: 1,
        pendingDuration: 1,
      }),
      { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe', retryable: true },
    ],
    [
      'in the encoder',
      new TypeError('no text'),
      { code: 'MULTI_BROKER_PUBLISH_REJECTED', written: 'no', isOfOneMessage: true },
    ],
  ])('%s tells whether it may be written, and what to do', (_why, thrown, meaning) => {
    expect(failureOf(thrown, failures)).toMatchObject(meaning);
  });
});
