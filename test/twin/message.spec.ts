import { describe, expect, it } from '@jest/globals';
import { Arrived, store } from '../../lib/twin/index.js';

const arrival = { broker: 'b', position: 'here', deliveries: 1, raw: () => ({}) };

describe('a message on a bus', () => {
  it('does not change when the publisher reuses his buffer or his headers', () => {
    const body = Buffer.from('first');
    const headers = { a: '1' };
    const stored = store('topic', { body, headers }, 0);
    body.write('other');
    headers.a = '2';
    const message = new Arrived(stored, arrival);
    expect(Buffer.from(message.body ?? []).toString()).toBe('first');
    expect(message.headers()).toEqual({ a: '1' });
  });

  it('does not change for one receiver when another changes it', () => {
    const stored = store('topic', { body: Buffer.from('first'), headers: { a: '1' } }, 0);
    const [one, other] = [new Arrived(stored, arrival), new Arrived(stored, arrival)];
    one.body?.fill(0);
    expect(() => ((one.headers() as Record<string, string>).a = '2')).toThrow(TypeError);
    expect(Buffer.from(other.body ?? []).toString()).toBe('first');
    expect(other.headers()).toEqual({ a: '1' });
  });

  it('tells no value from an empty one', () => {
    expect(new Arrived(store('topic', { body: null }, 0), arrival).body).toBeNull();
    expect(new Arrived(store('topic', { body: Buffer.alloc(0) }, 0), arrival).body).toHaveLength(0);
  });
});
