import { describe, expect, it } from '@jest/globals';
import { auto, bytes, json, mediaKind } from '../../lib/codec/index.js';

const text = (body: string): Uint8Array => Buffer.from(body);
const written = (payload: unknown, codec = auto): unknown => {
  const { body, contentType } = codec.encode(payload);
  return [body === null ? null : Buffer.from(body).toString(), contentType];
};

class Money {
  constructor(readonly amount: unknown) {}
}

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
    ['an Error', new Error('no stock')],
    ['a RegExp', /x/],
    ['a DataView', new DataView(new ArrayBuffer(1))],
    ['a Blob', new Blob(['x'])],
    ['a typed array', new Float64Array([1])],
    ['search parameters', new URLSearchParams('a=1')],
  ])('nor can %s, of which JSON would leave nothing, at any depth', (_, payload) => {
    for (const given of [payload, { a: payload }, [1, { b: [payload] }], new Money(payload)]) {
      expect(() => auto.encode(given)).toThrow('nothing of it would be written');
    }
  });

  it('nor can an Error that has fields beside its message, which alone would be left out', () => {
    const payload = Object.assign(new RangeError('no stock'), { code: 'E' });
    expect(() => auto.encode(payload)).toThrow('nothing of it would be written');
  });

  it.each([
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['an Error that says what is written of it', Object.assign(new Error('x'), { toJSON: () => 'x' }), '"x"'],
    ['a boxed number', Object(1) as unknown, '1'],
    ['an object of a class', new Money(3), '{"amount":3}'],
    ['bytes in an object', Buffer.from([1]), '{"type":"Buffer","data":[1]}'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }) as unknown, '{"a":1}'],
  ])('%s is written as JSON does', (_, payload, expected) => {
    expect(written({ a: payload })).toEqual([`{"a":${expected}}`, 'application/json']);
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
    ['12345678901234567890', '12345678901234567890'],
    ['-9007199254740993', '-9007199254740993'],
    ['0.12345678901234567890', '0.12345678901234567890'],
    ['1e400', '1e400'],
    ['9007199254740992', 9007199254740992],
    ['1.50', 1.5],
    ['1e5', 1e5],
    ['100000000000000000000', 100000000000000000000],
  ])('%j is read as JSON if it is and a number keeps its digits, else as text', (body, expected) => {
    expect(auto.decode(text(body), undefined)).toEqual(expected);
    expect(auto.decode(text(body), 'application/x-unknown')).toEqual(expected);
  });
});

describe('what is no UTF-8', () => {
  const body = new Uint8Array([0, 0, 0, 0, 7, 0xff, 0xfe]);

  it.each([[undefined], ['avro/binary'], ['image/png']])(
    'stays a Buffer where its content type is %j',
    (contentType) => {
      const read = auto.decode(body, contentType);
      expect(Buffer.isBuffer(read)).toBe(true);
      expect(read).toEqual(Buffer.from(body));
    },
  );

  it('is text where its content type says so', () => {
    expect(auto.decode(new Uint8Array([0x61, 0xff]), 'text/plain')).toBe('a\ufffd');
  });

  it('is told from a text that holds a replacement character', () => {
    expect(auto.decode(text('a\ufffd'), undefined)).toBe('a\ufffd');
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
