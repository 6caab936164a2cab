import { describe, expect, it } from '@jest/globals';

import { deliveryInfo, HandleReader } from '../../../../lib/nats/driver/jetstream/stream-message.js';

describe('the handle of a delivery', () => {
  const stored = '1764000000123456789';

  it('is read in its short and in its long form', () => {
    const expected = { stream: 'ORDERS', deliveries: 2, seq: 7, stored };
    const short = `$JS.ACK.ORDERS.bridge.2.7.9.${stored}.11`;
    const long = `$JS.ACK._.Ahash.ORDERS.bridge.2.7.9.${stored}.11.random`;
    const domain = `$JS.ACK.hub.Ahash.ORDERS.bridge.2.7.9.${stored}.11`;
    for (const handle of [short, long, domain]) expect(deliveryInfo(handle)).toEqual({ ...expected, handle });
  });

  it('is nothing else', () => {
    for (const other of ['', '_INBOX.a.b', '$JS.ACK.ORDERS', 'a.b.c.d.e.f.g.h.i']) {
      expect(deliveryInfo(other)).toBeUndefined();
    }
  });
});

describe('the handles of one consumer, read one after another', () => {
  const stored = '1764000000123456789';
  const heads = ['$JS.ACK.ORDERS.bridge', '$JS.ACK._.Ahash.ORDERS.bridge', '$JS.ACK.hub.Ahash.ÖRDERS.bridge'];
  const tails = [`1.1.1.${stored}.0`, `2.7.9.${stored}.11`, `15.9007199254740991.9007199254740991.${stored}.0`];

  it.each(heads)('are read as each by itself: %s', (head) => {
    const reader = new HandleReader();
    for (const tail of tails) expect(reader.read(`${head}.${tail}`)).toEqual(deliveryInfo(`${head}.${tail}`));
  });

  it('are read as each by itself where they come from several consumers by turns, in both forms', () => {
    const reader = new HandleReader();
    const handles = tails.flatMap((tail) => heads.flatMap((head) => [`${head}.${tail}`, `${head}2.${tail}.random`]));
    for (const handle of handles) expect(reader.read(handle)).toEqual(deliveryInfo(handle));
  });

  it.each(['', '$JS.ACK.ORDERS.bridge.', '$JS.ACK.ORDERS.bridge.2', '$JS.ACK.ORDERS.bridge.2.7.9.', '$JS.ACK.ORDERS'])(
    'are nothing where they break off: %p',
    (broken) => {
      const reader = new HandleReader();
      reader.read(`$JS.ACK.ORDERS.bridge.1.1.1.${stored}.0`);
      expect(reader.read(broken)).toBeUndefined();
    },
  );

  it('may begin as those of a domain that is named like the stream', () => {
    const reader = new HandleReader();
    reader.read(`$JS.ACK.ORDERS.bridge.1.1.1.${stored}.0`);
    const other = `$JS.ACK.ORDERS.bridge.INVOICES.copy.2.7.9.${stored}.11.random`;
    expect(reader.read(other)).toEqual({ handle: other, stream: 'INVOICES', deliveries: 2, seq: 7, stored });
  });
});
