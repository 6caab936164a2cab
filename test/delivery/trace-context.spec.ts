import { describe, expect, it } from '@jest/globals';

import { crossing } from '../../lib/delivery/headers.js';

const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const crossed = (headers: Record<string, string>): Record<string, string> => {
  const { 'correlation-id': _id, 'multi-broker-hops': _hops, ...rest } = crossing(headers, 'c', '1');
  return rest;
};

describe('trace context crosses by itself', () => {
  it.each([[parent], [`01-${parent.slice(3)}-more`]])('where it is valid: %s', (traceparent) => {
    const headers = { traceparent, tracestate: 'a=b, vendor@sys=x:1', baggage: 'user=1;p' };
    expect(crossed(headers)).toEqual(headers);
  });

  it.each([
    ['a\nb'],
    [''],
    ['00-1-2-01'],
    [parent.toUpperCase()],
    [`${parent}-more`],
    [`ff-${parent.slice(3)}`],
    [`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`],
    [`00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`],
  ])('and is left out with its state where the parent is none: %j', (traceparent) => {
    expect(crossed({ traceparent, tracestate: 'a=b' })).toEqual({});
  });

  it.each([['a=b\n'], ['A=b'], ['a'], [''], ['a=ü'], [Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(',')]])(
    'without a state that is none: %j',
    (tracestate) => {
      expect(crossed({ traceparent: parent, tracestate })).toEqual({ traceparent: parent });
    },
  );

  it('without baggage that no header can hold', () => {
    expect(crossed({ baggage: 'a=b\r\n' })).toEqual({});
  });
});
