import { describe, expect, it } from '@jest/globals';
import { MsgHdrsImpl } from 'nats/lib/nats-base-client/headers.js';

import { BadHeader, HeaderBlock } from '../../../../lib/nats/driver/connection/header-block.js';

const body = Buffer.from('x');

describe('the header block', () => {
  const leftOut: string[] = [];
  const block = new HeaderBlock((name) => leftOut.push(name));
  const read = (text: string) => MsgHdrsImpl.decode(Buffer.from(text));

  it('is what nats.js reads as the same headers', () => {
    const headers = read(block.text({ body, headers: { 'content-type': 'text/plain', 'x-u': 'größe €' } }, undefined));
    expect(headers.get('content-type')).toBe('text/plain');
    expect(headers.get('x-u')).toBe('größe €');
  });

  it('is not there where there are no headers', () => {
    expect(block.text({ body }, undefined)).toBe('');
    expect(block.text({ body, headers: {} }, undefined)).toBe('');
  });

  it('carries key, dedupe id and expected stream', () => {
    const headers = read(block.text({ body, key: 'k', dedupeId: 'id-1' }, 'ORDERS'));
    expect(Object.fromEntries(headers)).toEqual({
      'message-key': ['k'],
      'Nats-Msg-Id': ['id-1'],
      'Nats-Expected-Stream': ['ORDERS'],
    });
  });

  it('carries a forwarded key header unless the message has a key of its own', () => {
    expect(read(block.text({ body, headers: { 'message-key': 'old' } }, undefined)).get('message-key')).toBe('old');
    const both = read(block.text({ body, key: 'new', headers: { 'message-key': 'old' } }, undefined));
    expect(both.values('message-key')).toEqual(['new']);
  });

  it.each(['Nats-Msg-Id', 'nats-rollup', 'NATS-EXPECTED-STREAM', 'x-nats-msg-id'])(
    'leaves out what the server would act on, and says so once: %s',
    (name) => {
      leftOut.length = 0;
      for (let time = 0; time < 3; time++) {
        const written = block.text({ body, headers: { [name]: 'v', other: 'w' } }, undefined);
        expect([...read(written).keys()]).toEqual(['other']);
      }
      expect(leftOut).toEqual([name]);
    },
  );

  it.each([
    ['a line break in a value', { a: 'line\r\nbreak' }],
    ['a lone LF in a value', { a: 'x\ny' }],
    ['a line break in a name', { 'a\r\nb': 'x' }],
    ['a colon in a name', { 'a:b': 'x' }],
    ['a blank in a name', { 'a b': 'x' }],
    ['an empty name', { '': 'x' }],
    ['a name that is no ASCII', { größe: 'x' }],
  ])('refuses %s, also when the name is known', (_, headers) => {
    block.text({ body, headers: { a: 'fine' } }, undefined);
    expect(() => block.text({ body, headers }, undefined)).toThrow(BadHeader);
  });

  it('carries a key that no header can hold as base64, so that none adds a line', () => {
    for (const key of ['line\r\nbreak', ' k ', Buffer.from([0xff, 1])]) {
      const headers = read(block.text({ body, key }, undefined));
      expect([...headers.keys()]).toEqual(['message-key-base64']);
      expect(Buffer.from(headers.get('message-key-base64'), 'base64')).toEqual(Buffer.from(key as string));
    }
  });

  it('says of a message without a value that it has none', () => {
    expect(Object.fromEntries(read(block.text({ body: null }, undefined)))).toEqual({ 'multi-broker-value': ['null'] });
    expect(block.text({ body: new Uint8Array(0) }, undefined)).toBe('');
  });

  it('refuses a line break in a dedupe id', () => {
    expect(() => block.text({ body, dedupeId: 'a\nb' }, undefined)).toThrow(BadHeader);
  });

  it('forgets names before they fill the memory', () => {
    for (let index = 0; index < 5_000; index++) block.text({ body, headers: { [`h${index}`]: 'v' } }, undefined);
    expect((block as unknown as { names: Map<string, string> }).names.size).toBeLessThanOrEqual(1_000);
  });
});
