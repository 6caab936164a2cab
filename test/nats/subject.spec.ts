import { describe, expect, it } from '@jest/globals';

import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';
import { paramReader, subjectMatches, subjectsOverlap } from '../../lib/nats/subject.js';

const broker = natsBroker({ name: 'events', client: {} });
const invalid = expect.objectContaining({ code: 'MULTI_BROKER_ADDRESS_INVALID', broker: 'events' });

describe('a subject', () => {
  const injections = {
    'a line break': 'a\r\nb',
    'a lone CR': 'a\rb',
    'a lone LF': 'a\nb',
    'a blank, which would make the rest the reply subject': 'a b',
    'a tab': 'a\tb',
    'a NUL': 'a\0b',
    'an empty first token': '.a',
    'an empty token within': 'a..b',
    'an empty last token': 'a.',
    nothing: '',
    'more than the server reads in a line': 'a'.repeat(5_000),
  };

  it.each(Object.entries(injections))('is refused with %s, to publish and to read', (_, name) => {
    expect(() => broker.destination(name)).toThrow(invalid);
    expect(() => broker.destination(toStream(name))).toThrow(invalid);
    expect(() => broker.source(name)).toThrow(invalid);
    expect(() => broker.source(subject(name))).toThrow(invalid);
    expect(() => broker.source(stream('S', { durable: 'd', filter: name }))).toThrow(invalid);
    expect(() => broker.source(stream('S', { durable: 'd', subjects: [name] }))).toThrow(invalid);
  });

  it('holds wildcards only where it is read', () => {
    for (const pattern of ['*', '>', 'a.*', 'a.>', '*.b.>']) {
      expect(() => broker.destination(pattern)).toThrow(invalid);
      expect(broker.source(pattern).address).toBe(pattern);
    }
    expect(() => broker.source('a.>.b')).toThrow(invalid);
    expect(broker.destination('a*b.c>').address).toBe('a*b.c>');
  });

  it('is checked as it is on the server, after the addresses', () => {
    const mapped = natsBroker({ name: 'events', client: {}, addresses: { in: 'real.in', bad: 'a b' } });
    expect(mapped.source('in')).toMatchObject({ subject: 'real.in', address: 'real.in' });
    expect(mapped.destination('in').subject).toBe('real.in');
    expect(mapped.destination('constructor').subject).toBe('constructor');
    expect(() => mapped.destination('bad')).toThrow(invalid);
  });

  it('does not reach an error message as more than a short quotation', () => {
    const message = thrown(() => broker.destination(`x\n${'secret'.repeat(50)}`)).message;
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(300);
  });
});

describe('the names of queues, durables and streams', () => {
  it.each(['', 'a b', 'a\r\nb', 'a\tb', 'a\0b'])('are checked like subjects: %j', (name) => {
    expect(() => broker.source(subject('ok', { queue: name }))).toThrow(invalid);
    expect(() => broker.source(stream(name, { durable: 'd' }))).toThrow(invalid);
    expect(() => broker.source(stream('S', { durable: name }))).toThrow(invalid);
    expect(() => broker.destination(toStream('ok', { stream: name }))).toThrow(invalid);
  });

  it.each(['a.b', 'a*', 'a>', 'a/b', 'a\\b'])(
    'hold nothing that divides a subject, where they become a token: %j',
    (name) => {
      expect(() => broker.source(stream(name, { durable: 'd' }))).toThrow(invalid);
      expect(() => broker.source(stream('S', { durable: name }))).toThrow(invalid);
    },
  );
});

describe('a pattern', () => {
  it.each([
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['>', 'a', true],
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
  ])('%s stands for %s: %s', (pattern, name, expected) => {
    expect(subjectMatches(pattern, name)).toBe(expected);
  });

  it.each([
    ['a.*', '*.b', true],
    ['a.>', 'a.b.c', true],
    ['a.*', 'a.*.c', false],
    ['a', 'a.>', false],
    ['a.b', 'a.c', false],
    ['>', 'x.y', true],
  ])('%s and %s have a subject in common: %s', (one, other, expected) => {
    expect(subjectsOverlap(one, other)).toBe(expected);
    expect(subjectsOverlap(other, one)).toBe(expected);
  });

  it('gives what its wildcards stand for, by position', () => {
    expect(paramReader('orders.*.eu.>')?.('orders.7.eu.a.b')).toEqual({ 0: '7', 1: 'a.b' });
    expect(paramReader('orders.eu')).toBeUndefined();
  });
});

function thrown(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
