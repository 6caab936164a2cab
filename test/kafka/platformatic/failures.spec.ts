import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';

import {
  explained,
  failures,
  InternalTopic,
  UndecodableBatch,
  Unsent,
} from '../../../lib/kafka/driver/platformatic/failures.js';

/** As the package makes them: the fields that are read. */
const error = (message: string, fields: object = {}, cause?: Error): Error =>
  Object.assign(new Error(message, cause && { cause }), fields);
const network = (message: string, cause?: Error): Error =>
  error(message, { code: 'PLT_KFK_NETWORK', canRetry: true }, cause);
const refusal = (apiId: string, canRetry: boolean): Error =>
  error('refused', { code: 'PLT_KFK_PROTOCOL', apiId, canRetry });
const several = (...errors: Error[]): Error =>
  Object.assign(new AggregateError(errors, 'failed 2 times.'), { code: 'PLT_KFK_MULTIPLE' });

describe('an error of @platformatic/kafka', () => {
  it.each([
    [
      'of the protocol, within those of all attempts',
      several(several(refusal('NOT_ENOUGH_REPLICAS', true))),
      'NOT_ENOUGH_REPLICAS',
    ],
    ['that kafkajs names otherwise', refusal('NOT_LEADER_OR_FOLLOWER', true), 'NOT_LEADER_FOR_PARTITION'],
    [
      'of an unknown topic, which holds no other',
      error('Unknown topic a.', { code: 'PLT_KFK_USER' }),
      'UNKNOWN_TOPIC_OR_PARTITION',
    ],
    ['of the network', network('Connection closed'), undefined],
  ])('%s is known by its name', (_what, thrown, name) => {
    expect(failures.protocolError(thrown)).toBe(name);
  });

  it.each<[string, Error, object]>([
    ['refused it', several(refusal('MESSAGE_TOO_LARGE', false)), { how: 'refused', isRetriable: false }],
    ['could not be reached', several(network('Connection to localhost:1 failed.')), { how: 'unsent' }],
    [
      'lets nobody write to the topic',
      new Unsent(new InternalTopic('__consumer_offsets')),
      { how: 'refused', type: 'INVALID_TOPIC_EXCEPTION', isRetriable: false },
    ],
    ['was not known yet', new Unsent(network('Connection closed')), { how: 'unsent' }],
    ['has not answered', several(network('Connection closed')), { how: 'unanswered' }],
    [
      'has not answered at first, and then refused it: it may be written',
      several(network('Connection closed'), refusal('NOT_LEADER_OR_FOLLOWER', true)),
      { how: 'unanswered' },
    ],
    [
      'has not answered of one node, while another one refused it',
      several(refusal('MESSAGE_TOO_LARGE', false), network('Request timed out')),
      { how: 'unanswered' },
    ],
    [
      'could not be reached of one node, while another one refused it',
      several(
        network('Connection to localhost:1 failed.', network('Connection closed')),
        refusal('KAFKA_STORAGE_ERROR', true),
      ),
      { how: 'refused' },
    ],
    ['could not be sent what cannot be encoded', new TypeError('no bytes'), { how: 'unwritable' }],
  ])('says of a send that the server %s', (_what, thrown, how) => {
    expect(failures.send(thrown)).toMatchObject(how);
  });

  it('tells a batch that cannot be decoded from all others', () => {
    expect(failures.undecodable(error('outer', {}, new UndecodableBatch('a broken gzip batch')))).toBe(
      'a broken gzip batch',
    );
    expect(failures.undecodable(network('Connection closed'))).toBeUndefined();
  });

  it.each<[boolean, string, Error]>([
    [
      true,
      'is not up',
      several(network('Connection to localhost:1 failed.', error('connect', { code: 'ECONNREFUSED' }))),
    ],
    [false, 'refuses the password', several(error('SASL', { code: 'PLT_KFK_AUTHENTICATION', canRetry: false }))],
    [
      false,
      'has no certificate that is trusted',
      network('Connection failed', error('x', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })),
    ],
  ])('may be over later: %s where the server %s', (expected, _what, thrown) => {
    expect(failures.mayBeStarting(thrown)).toBe(expected);
  });

  it('of a connect tells why, also where the reason is an error of Node itself, made in another context', () => {
    const reason = runInNewContext("new Error('connect ECONNREFUSED 127.0.0.1:1')") as Error;
    const { message } = explained(several(network('Connection to 127.0.0.1:1 failed.', reason)));
    expect(message).toBe('failed 2 times. connect ECONNREFUSED 127.0.0.1:1');
  });
});
