import { describe, expect, it } from '@jest/globals';
import { headers, type Msg, type MsgHdrs } from 'nats';

import { headersOf, readHeaders, readKey } from '../../../../lib/nats/driver/connection/message-parts.js';

const BLOCK = Buffer.from('NATS/1.0\r\nmessage-key: k\r\nx-a: 1\r\nx-a: 2\r\nx-b: b\r\n\r\n');

/** A message as nats.js gives it: the bytes of headers and body inside, and what it makes of the former. */
function messageWith(read: () => MsgHdrs | undefined, inside: object = {}): Msg {
  return Object.defineProperty({ ...inside } as Msg, 'headers', { get: read });
}

const refusing = () => {
  throw new Error('these headers are not read today');
};

describe('the headers of a message', () => {
  it('are those that nats.js reads: of repeated ones the last, and the key apart', () => {
    const read = headers();
    for (const [name, value] of [
      ['message-key', 'k'],
      ['x-a', '1'],
      ['x-a', '2'],
    ] as const)
      read.append(name, value);
    const message = messageWith(() => read);
    expect([readHeaders(message), readKey(message)]).toEqual([{ 'x-a': '2' }, 'k']);
  });

  it('are read by ourselves where nats.js throws for them, so that it reaches no callback of its own', () => {
    const body = Buffer.concat([BLOCK, Buffer.from('x-c: of the body\r\n')]);
    const message = messageWith(refusing, { _rdata: body, _msg: { hdr: BLOCK.length } });
    expect(headersOf(message)).toBeUndefined();
    expect([readHeaders(message), readKey(message)]).toEqual([{ 'x-a': '2', 'x-b': 'b' }, 'k']);
  });

  it.each([
    ['without the inside that this was written for', {}],
    ['without a block of headers', { _rdata: BLOCK, _msg: { hdr: 0 } }],
  ])('are none then of a message %s', (_, inside) => {
    const message = messageWith(refusing, inside);
    expect([readHeaders(message), readKey(message)]).toEqual([{}, undefined]);
  });
});
