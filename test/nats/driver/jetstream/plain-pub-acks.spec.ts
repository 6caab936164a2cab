import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PlainPubAcks } from '../../../../lib/nats/driver/jetstream/pub-acks.js';

describe('plain PubAcks', () => {
  let acks: PlainPubAcks;
  const sequence = (text: string): number => acks.sequenceOf(Buffer.from(text));

  beforeEach(() => {
    acks = new PlainPubAcks();
    acks.learn(Buffer.from('{"stream":"ORDERS", "seq":1}'));
  });

  it('of the stream that was learnt are read to the last digit', () => {
    expect(acks.stream).toBe('ORDERS');
    expect(
      [7, 1_234_567, 999_999_999_999_999].map((seq) => sequence(`{"stream":"ORDERS", "seq":${String(seq)}}`)),
    ).toEqual([7, 1_234_567, 999_999_999_999_999]);
  });

  it('of no stream are known before the first', () => {
    expect(new PlainPubAcks().sequenceOf(Buffer.from('{"stream":"ORDERS", "seq":1}'))).toBe(0);
  });

  it.each([
    ['another stream', '{"stream":"OTHERS", "seq":1}'],
    ['a stream whose name begins alike', '{"stream":"ORDERS2", "seq":1}'],
    ['a duplicate', '{"stream":"ORDERS", "seq":1,"duplicate": true}'],
    ['a domain', '{"stream":"ORDERS", "domain":"hub", "seq":1}'],
    ["a counter's answer", '{"stream":"ORDERS", "seq":1,"val":"12"}'],
    ["a batch's answer", '{"stream":"ORDERS", "seq":1,"batch":"b","count":3}'],
    [
      'an error',
      '{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"ORDERS","seq":0}',
    ],
    ['more digits than a number has', '{"stream":"ORDERS", "seq":9007199254740993}'],
    ['no digit', '{"stream":"ORDERS", "seq":}'],
    ['a negative one', '{"stream":"ORDERS", "seq":-1}'],
    ['a part of one', '{"stream":"ORDERS", "seq":12'],
    ['something behind it', '{"stream":"ORDERS", "seq":12}}'],
    ['nothing', ''],
  ])('are not seen in %s', (_what, text) => {
    expect(sequence(text)).toBe(0);
  });

  it('are those alone that JSON.parse reads as a stream and a sequence', () => {
    const rest = fc.constantFrom(
      '',
      ',"duplicate": true',
      ',"duplicate":false',
      ',"domain":"hub"',
      ',"val":"12"',
      ',"batch":"b"',
      ' ',
      '}',
    );
    const stream = fc.constantFrom('ORDERS', 'OTHERS', 'ORDERS2', 'ORD\\"ERS', '');
    const seq = fc.oneof(
      fc.nat().map(String),
      fc.maxSafeNat().map(String),
      fc.constantFrom('', '-1', '1.5', '1e3', '"7"', 'null'),
    );
    const answer = fc
      .tuple(stream, fc.constantFrom(',', ', ', ',  '), seq, rest)
      .map(([of, comma, number, more]) => `{"stream":"${of}"${comma}"seq":${number}${more}}`);
    const anything = fc.oneof(
      answer,
      answer,
      fc.json(),
      fc.string(),
      answer.map((text) => text.slice(1)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const read = sequence(text);
        const isPlain = /^\{"stream":"ORDERS", "seq":[1-9]\d{0,14}\}$/.test(text);
        expect(read !== 0).toBe(isPlain);
        if (read !== 0) expect(JSON.parse(text)).toEqual({ stream: 'ORDERS', seq: read });
      }),
      { numRuns: 1_000 },
    );
  });

  it('of another stream are known once it was learnt', () => {
    acks.learn(Buffer.from('{"stream":"OTHERS","seq":1}'));
    expect([acks.stream, sequence('{"stream":"OTHERS","seq":12}')]).toEqual(['OTHERS', 12]);
    expect(sequence('{"stream":"ORDERS", "seq":1}')).toBe(0);
  });

  it('are not learnt from an answer of another form', () => {
    acks.learn(Buffer.from('{"stream":"OTHERS", "seq":1,"duplicate": true}'));
    expect([acks.stream, sequence('{"stream":"ORDERS", "seq":3}')]).toEqual(['ORDERS', 3]);
  });
});
