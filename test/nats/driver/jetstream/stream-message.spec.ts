import { describe, expect, it } from '@jest/globals';

import { deliveryInfo } from '../../../../lib/nats/driver/jetstream/stream-message.js';

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
