import { describe, expect, it } from '@jest/globals';
import { BytesMessage, JsonMessage } from '../../lib/driver/index.js';
import { store, type Stored } from '../../lib/twin/index.js';
import { arrived } from '../support/arrived.js';

const incoming = arrived(store('source', { body: null }, 0));

describe('a message on a bus', () => {
  it('does not change when the publisher reuses his buffer', () => {
    const body = Buffer.from('first');
    const stored = store('topic', { body }, 0);
    body.write('other');
    expect(text(stored)).toBe('first');
  });

  it('does not change for one receiver when another changes it', () => {
    const stored = store('topic', { body: Buffer.from('first') }, 0);
    arrived(stored).body?.fill(0);
    expect(text(stored)).toBe('first');
  });

  it('is read as text without a copy of its bytes, which a receiver cannot change for it', () => {
    const message = arrived(store('topic', { body: Buffer.from('grün') }, 0));
    message.body?.fill(0);
    expect(message.text).toBe('grün');
  });

  it('has no text without a byte', () => {
    for (const body of [null, Buffer.alloc(0)]) expect(arrived(store('topic', { body }, 0)).text).toBeUndefined();
  });

  it('that the library has written as text is counted and read in bytes as any other, copied for each receiver', () => {
    const stored = store('topic', new JsonMessage('"grün"', incoming, undefined, '1', 'c'), 0);
    expect([stored.size, arrived(stored).text]).toEqual([7, '"grün"']);
    arrived(stored).body?.fill(0);
    expect([text(stored), arrived(stored).text]).toEqual(['"grün"', '"grün"']);
    expect(stored.body).toEqual(Buffer.from('"grün"'));
    expect(arrived(stored).text).toBe('"grün"');
  });

  it('of bytes is a copy: a handler that reuses its buffer does not change what is on the bus', () => {
    const body = Buffer.from('before');
    const stored = store('topic', new BytesMessage(body, undefined, incoming, undefined, '1', 'c'), 0);
    body.write('later!');
    expect(text(stored)).toBe('before');
  });

  it('tells no value from an empty one', () => {
    expect(arrived(store('topic', { body: null }, 0)).body).toBeNull();
    expect(arrived(store('topic', { body: Buffer.alloc(0) }, 0)).body).toHaveLength(0);
  });
});

function text(stored: Stored): string {
  return Buffer.from(arrived(stored).body ?? []).toString();
}
