import { describe, expect, it } from '@jest/globals';
import { asItCame, auto, bytes, type Codec, type Encoded, json, type SyncCodec } from '../../lib/codec/index.js';

/** What leaves when `change` is made of what was read. */
function passed(
  came: string | Uint8Array | null,
  contentType?: string,
  change: (payload: unknown) => unknown = (payload) => payload,
  [from, to]: readonly [Codec, SyncCodec] = [auto, auto],
  emptyMayBeNull = false,
): (string | null | undefined)[] {
  const body = typeof came === 'string' ? Buffer.from(came) : came;
  const payload = change(body === null ? null : from.decode(body, contentType));
  const textHeaders: Record<string, string> = contentType === undefined ? {} : { 'Content-Type': contentType };
  const { body: left, contentType: type }: Encoded = asItCame(to.encode(payload), payload, to, {
    body,
    textHeaders,
    emptyMayBeNull,
  });
  return [left === null ? null : Buffer.from(left).toString('latin1'), type];
}

describe('a payload that is passed on unchanged leaves as it came', () => {
  it.each([
    ['numbers beyond 2^53', '{"id":9007199254740993}'],
    ['numbers of more digits than are kept', '[0.12345678901234567890]'],
    ['numbers that add up to more digits around a point', '{"a": 1234567890.1234567890}'],
    ['a number out of range', '{"a":1e400}'],
    ['such a number alone', '12345678901234567890'],
  ])('where it holds %s', (_, body) => {
    expect(passed(body, 'application/json; charset=utf-8')).toEqual([body, 'application/json; charset=utf-8']);
    expect(passed(body)[0]).toBe(body);
  });

  it('where a text is no UTF-8', () => {
    const body = Buffer.from([0x61, 0xff, 0x62]);
    expect(passed(body, 'text/plain; charset=latin1')).toEqual(['a\xffb', 'text/plain; charset=latin1']);
    const inJson = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
    expect(passed(inJson, 'application/json')[0]).toBe(inJson.toString('latin1'));
  });

  it('where it is empty, and no JSON', () => {
    expect(passed('', 'application/json')[0]).toBe('');
    expect(passed('', undefined)).toEqual(['', 'text/plain']);
  });

  it('where it is bytes', () => {
    expect(passed(Buffer.from([0xff]))[0]).toBe('\xff');
  });
});

describe('a payload is written anew', () => {
  it('where a handler has changed it in place: that it is the same object says nothing', () => {
    const change = (payload: unknown) => Object.assign(payload as object, { seen: true });
    expect(passed('{"id":9007199254740993}', 'application/json', change)[0]).toBe(
      '{"id":9007199254740992,"seen":true}',
    );
  });

  it('where nothing would be lost', () => {
    expect(passed('{ "a": 1.0 }', 'application/json')).toEqual(['{"a":1}', 'application/json']);
  });

  it('where it was no JSON that a codec of the user has read', () => {
    const from = { encode: json.encode, decode: () => ({ id: 1 }) };
    expect(passed('1234567890123456789', undefined, undefined, [from, auto])[0]).toBe('{"id":1}');
  });

  it('by a codec of the user, whatever it writes', () => {
    const to = { encode: () => ({ body: Buffer.from('own') }), decode: json.decode };
    expect(passed('{"id":9007199254740993}', 'application/json', undefined, [auto, to])[0]).toBe('own');
  });

  it('as a message without a value where that was none, or may have been', () => {
    expect(passed(null)[0]).toBeNull();
    expect(passed('', 'application/json', undefined, [auto, auto], true)[0]).toBeNull();
    expect(passed(null, undefined, undefined, [bytes, bytes])[0]).toBeNull();
  });
});
