import { beforeEach, describe, expect, it } from '@jest/globals';
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
