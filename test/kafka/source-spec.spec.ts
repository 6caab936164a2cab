import { describe, expect, it } from '@jest/globals';

import { kafkaBroker, type KafkaBrokerOptions, topic } from '../../lib/kafka/index.js';
import { topicProblem } from '../../lib/kafka/topic.js';

const broker = (options: Partial<KafkaBrokerOptions> = {}) =>
  kafkaBroker({ name: 'orders', groupId: 'bridge', client: { brokers: ['localhost:9092'] }, ...options });

const codeOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (thrown) {
    return (thrown as { code?: string }).code;
  }
};

describe('a Kafka source', () => {
  it('is a topic read by the group of the broker, from its beginning', () => {
    expect(broker().source('incoming')).toEqual({
      kind: 'kafka',
      name: 'topic incoming (group bridge)',
      sharedBy: 'group bridge',
      address: 'incoming',
      paramNames: [],
      topic: 'incoming',
      groupId: 'bridge',
      fromBeginning: true,
      durable: true,
    });
  });

  it('takes its group and its start from topic(), then from the broker', () => {
    const late = broker({ fromBeginning: false });
    const sources = [late.source('a'), late.source(topic('a', { groupId: 'other', fromBeginning: true }))];
    expect(sources.map(({ groupId, fromBeginning }) => [groupId, fromBeginning])).toEqual([
      ['bridge', false],
      ['other', true],
    ]);
  });

  it('maps names of decorators to real ones, and no inherited ones', () => {
    const mapped = broker({ addresses: { incoming: 'prod.incoming' } });
    const names = [mapped.source('incoming'), mapped.source(topic('incoming')), mapped.source('toString')];
    expect(names.map(({ address }) => address)).toEqual(['prod.incoming', 'prod.incoming', 'toString']);
    expect(mapped.destination('incoming').address).toBe('prod.incoming');
  });

  it('without a group is refused', () => {
    expect(codeOf(() => broker({ groupId: undefined }).source('incoming'))).toBe('MULTI_BROKER_OPTION_INVALID');
  });

  it('of another kind is refused', () => {
    expect(codeOf(() => broker().source({ kind: 'nats' }))).toBe('MULTI_BROKER_WRONG_KIND');
    expect(codeOf(() => broker().destination({ kind: 'nats' }))).toBe('MULTI_BROKER_WRONG_KIND');
  });

  it('keeps no state in its RegExp', () => {
    const { topic: pattern } = broker().source(topic(/^a/g));
    const twice = typeof pattern === 'string' ? [] : [pattern.matches('ab'), pattern.matches('ab')];
    expect(twice).toEqual([true, true]);
  });

  it.each(['', '.', '..', 'a b', 'ä', 'a/b', 'a'.repeat(250), 'a\n'])('is no topic by the name %j', (name) => {
    expect(codeOf(() => broker().source(name))).toBe('MULTI_BROKER_ADDRESS_INVALID');
    expect(codeOf(() => broker().destination(name))).toBe('MULTI_BROKER_ADDRESS_INVALID');
  });

  it('is told how several topics are read where its name has an asterisk', () => {
    expect(topicProblem('orders.*')).toContain('topic(/^orders\\./)');
  });

  it.each(['a', 'a.b_c-D', '...', '__x', 'a'.repeat(249)])('may be named %j', (name) => {
    expect(topicProblem(name)).toBeUndefined();
  });

  it.each([
    ['a', 'a', true],
    ['a', 'b', false],
    [/^a/, 'ab', true],
    ['ab', /^a/, true],
    [/^a/, 'b', false],
    [/^a/, /^a/, true],
    [/^a/, /^b/, false],
  ])('%s and %s clash in one group: %s', (one, other, clashes) => {
    const { clash, source } = broker();
    expect(clash(source(topic(one)), source(topic(other))) !== undefined).toBe(clashes);
    expect(clash(source(topic(one)), source(topic(other, { groupId: 'another' })))).toBeUndefined();
  });
});
