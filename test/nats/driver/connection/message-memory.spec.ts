import { describe, expect, it } from '@jest/globals';
import type { Msg } from 'nats';
import { MsgImpl as NatsIoMessage } from '@nats-io/transport-node/lib/nats-base-client.js';
import { MsgImpl } from 'nats/lib/nats-base-client/msg.js';

import { CoreMessage } from '../../../../lib/nats/driver/core/core-message.js';
import { bytesHeld, letGoOfOthers } from '../../../../lib/nats/driver/connection/message-parts.js';

// What the client makes itself, from the bytes of a read.
/** A message as the client reads it: all of it views of one read. */
function read(Message: typeof MsgImpl, body: string, readBytes: number, reply?: string): Msg {
  const chunk = new Uint8Array(readBytes);
  const put = (text: string, at: number): Uint8Array => {
    chunk.set(Buffer.from(text), at);
    return chunk.subarray(at, at + text.length);
  };
  const header = 'NATS/1.0\r\na: b\r\n\r\n';
  const args = {
    subject: put('orders.new', 0),
    reply: reply === undefined ? undefined : put(reply, 20),
    sid: 1,
    hdr: header.length,
    size: header.length + body.length,
  };
  return new Message(args, put(header + body, 60), {} as never);
}

const partsOf = (message: Msg) => [message.subject, message.reply, message.headers?.get('a'), message.string()];

describe.each([
  ['nats', MsgImpl],
  ['@nats-io', NatsIoMessage as unknown as typeof MsgImpl],
])('the memory of a message that waits, of %s,', (_client, Message) => {
  it('is its own alone once it has let go of the others, and nothing of it is changed', () => {
    for (const reply of [undefined, 'inbox.1']) {
      const message = read(Message, 'body', 65_536, reply);
      const readBuffer = message.data.buffer;
      letGoOfOthers(message);
      expect(partsOf(message)).toEqual(['orders.new', reply ?? '', 'b', 'body']);
      expect(message.data.buffer).not.toBe(readBuffer);
      expect(bytesHeld(message)).toBe(10 + (reply ?? '').length + 18 + 4);
    }
  });

  it('is not copied where the message is most of it', () => {
    const message = read(Message, 'x'.repeat(40_000), 65_536);
    const before = message.data.buffer;
    letGoOfOthers(message);
    expect(message.data.buffer).toBe(before);
  });

  it('counts as its bytes, and as its whole buffer where that holds one message alone', () => {
    expect(bytesHeld(read(Message, 'body', 65_536, 'inbox.1'))).toBe(10 + 7 + 18 + 4);
    expect(bytesHeld(read(Message, 'x'.repeat(100_000), 150_000))).toBe(150_000);
  });

  it('counts as much when its handler is called as when it came, although it was copied between', () => {
    const message = new CoreMessage(read(Message, 'x'.repeat(100_000), 250_000), 'events', 0);
    const { bytes } = message;
    message.willWait();
    expect([bytes, message.bytes]).toEqual([250_000, 250_000]);
  });
});
