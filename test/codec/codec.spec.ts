import { describe, expect, it } from '@jest/globals';
import { auto, bytes, json, mediaKind } from '../../lib/codec/index.js';

const text = (body: string): Uint8Array => Buffer.from(body);
const written = (payload: unknown, codec = auto): unknown => {
  const { body, contentType } = codec.encode(payload);
  return [body === null ? null : Buffer.from(body).toString(), contentType];
};

describe('by default', () => {
  it.each([
    ['a text is text', 'grüß', ['grüß', 'text/plain']],
    ['an object is JSON', { a: 1 }, ['{"a":1}', 'application/json']],
    ['an array is JSON', [1, 'a'], ['[1,"a"]', 'application/json']],
    ['a number is JSON', 7, ['7', 'application/json']],
    ['false is JSON', false, ['false', 'application/json']],
    ['bytes are themselves, of no type', Buffer.from('raw'), ['raw', undefined]],
    ['null is a message without a value', null, [null, undefined]],
  ])('%s', (_, payload, expected) => {
    expect(written(payload)).toEqual(expected);
  });

  it('bytes are not copied', () => {
    const payload = new Uint8Array([1, 2]);
    expect(auto.encode(payload).body).toBe(payload);
  });

  it.each([[undefined], [() => 1], [Symbol('s')]])('%p cannot be written', (payload) => {
    expect(() => auto.encode(payload)).toThrow('has no JSON form');
  });

  it.each<[string, unknown]>([
    ['a promise that nobody awaited', Promise.resolve(1)],
    ['a generator', (function* () {})()],
    ['an iterator', [1].values()],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['an ArrayBuffer', new ArrayBuffer(1)],
  ])('nor can %s, of which JSON would leave {}', (_, payload) => {
    expect(() => auto.encode(payload)).toThrow('nothing of it would be written');
  });

  it.each([[{}], [Object.create(null)]])('%j is written, as it is empty', (payload) => {
    expect(written(payload)).toEqual(['{}', 'application/json']);
  });

  it('nor can what JSON cannot', () => {
    expect(() => auto.encode(10n)).toThrow();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(() => auto.encode(circular)).toThrow();
  });
});

describe('a body is read by its content type:', () => {
  it.each([
    ['{"a":1}', 'application/json', { a: 1 }],
    ['{"a":1}', 'application/json; charset=utf-8', { a: 1 }],
    ['{"a":1}', ' Application/JSON ;charset=UTF-8', { a: 1 }],
    ['{"a":1}', 'application/vnd.shop.order+json', { a: 1 }],
    ['7', 'text/plain', '7'],
    ['{"a":1}', 'text/plain; charset=utf-8', '{"a":1}'],
    ['a,b', 'text/csv', 'a,b'],
    ['grüß', 'text/plain', 'grüß'],
  ])('%j as %j', (body, contentType, expected) => {
    expect(auto.decode(text(body), contentType)).toEqual(expected);
  });

  it('bytes stay bytes', () => {
    const body = new Uint8Array([0xff, 0]);
    expect(auto.decode(body, 'application/octet-stream')).toBe(body);
  });

  it('JSON that is none cannot be read', () => {
    expect(() => auto.decode(text('{'), 'application/json')).toThrow(SyntaxError);
  });

  it('of a view, only what the view shows', () => {
    const view = new Uint8Array(Buffer.from('xx{"a":1}xx')).subarray(2, 9);
    expect(auto.decode(view, undefined)).toEqual({ a: 1 });
  });
});

describe('without a content type, or by one that does not tell,', () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['[1]', [1]],
    ['7', 7],
    ['-1.5', -1.5],
    ['"a"', 'a'],
    ['true', true],
    ['false', false],
    ['null', null],
    [' \n{"a":1}', { a: 1 }],
    ['hello', 'hello'],
    ['true story', 'true story'],
    ['{not json', '{not json'],
    ['2026-11-25', '2026-11-25'],
    ['', ''],
    ['<a/>', '<a/>'],
  ])('%j is read as JSON if it is, else as text', (body, expected) => {
    expect(auto.decode(text(body), undefined)).toEqual(expected);
    expect(auto.decode(text(body), 'application/x-unknown')).toEqual(expected);
  });
});

describe('JSON that would change a prototype', () => {
  it.each([
    ['{"__proto__":{"admin":true}}'],
    ['{"a":[{"__proto__":1}]}'],
    ['{"\\u005f_proto__":{"admin":true}}'],
    ['{"a":{"\\u005F\\u005Fproto\\u005F\\u005f":{}}}'],
    ['{"constructor":{"prototype":{"admin":true}}}'],
    ['{"constr\\u0075ctor":{"protot\\u0079pe":{}}}'],
  ])('%s is refused, by type, by codec and when guessed', (body) => {
    expect(() => auto.decode(text(body), 'application/json')).toThrow('would change a prototype');
    expect(() => auto.decode(text(body), undefined)).toThrow('would change a prototype');
    expect(() => json.decode(text(body), undefined)).toThrow('would change a prototype');
  });

  it.each([
    ['{"a":"__proto__"}', { a: '__proto__' }],
    ['{"constructor":"Ford"}', { constructor: 'Ford' }],
    ['{"prototype":1}', { prototype: 1 }],
    ['{"a":"\\u00e4"}', { a: 'ä' }],
    ['[null,"constructor",{"a":null}]', [null, 'constructor', { a: null }]],
  ])('%s only looks like it, and is read', (body, expected) => {
    expect(JSON.stringify(auto.decode(text(body), 'application/json'))).toBe(JSON.stringify(expected));
  });

  it('as text is a text', () => {
    expect(auto.decode(text('{"__proto__":1}'), 'text/plain')).toBe('{"__proto__":1}');
  });

  it('is found however deep it is', () => {
    const deep = `${'{"a":'.repeat(5_000)}{"__proto__":1}${'}'.repeat(5_000)}`;
    expect(() => auto.decode(text(deep), 'application/json')).toThrow('would change a prototype');
  });
});

describe('codec json', () => {
  it('writes texts and bytes as JSON too, null as no value', () => {
    expect(written('a', json)).toEqual(['"a"', 'application/json']);
    expect(written(null, json)).toEqual([null, undefined]);
    expect(() => json.encode(undefined)).toThrow('has no JSON form');
  });

  it('reads nothing but JSON', () => {
    expect(json.decode(text('7'), 'text/plain')).toBe(7);
    expect(() => json.decode(text('hello'), undefined)).toThrow(SyntaxError);
  });
});

describe('codec bytes', () => {
  it('passes bytes through, both ways, and null', () => {
    const body = new Uint8Array([1, 2]);
    expect([bytes.encode(body).body, bytes.encode(null).body]).toEqual([body, null]);
    expect(bytes.decode(body, 'application/json')).toBe(body);
  });

  it.each([['text'], [{ a: 1 }], [undefined]])('takes nothing else (%j)', (payload) => {
    expect(() => bytes.encode(payload)).toThrow('codec: bytes needs a Uint8Array');
  });
});

it.each([
  ['application/json', 'json'],
  ['text/html;charset=utf-8', 'text'],
  ['Text/Plain; charset=utf-8', 'text'],
  ['Application/Octet-Stream', 'bytes'],
  ['application/octet-stream', 'bytes'],
  ['application/problem+json', 'json'],
  ['image/png', undefined],
  ['', undefined],
])('the kind of %j is %j', (contentType, expected) => {
  expect(mediaKind(contentType)).toBe(expected);
});
