import { EventEmitter } from 'node:events';
import { order, type Order } from '../support/messages.js';

/** The least that an in-memory bridge can be: an EventEmitter, with JSON bytes on both hops. */
export async function emitterChains(count: number, window: number): Promise<void> {
  const bus = new EventEmitter();
  let finished = 0;
  let wake = (): void => undefined;
  const handle = async (value: Order): Promise<unknown> => ({ ...value, seen: true });
  bus.on('incoming', (bytes: Buffer) => {
    void handle(decode<Order>(bytes)).then((result) => bus.emit('outgoing', encode(result)));
  });
  bus.on('outgoing', (bytes: Buffer) => {
    decode(bytes);
    if (++finished % window === 0) wake();
  });
  for (let sent = 0; sent < count; sent += window) {
    const over = new Promise<void>((resolve) => (wake = resolve));
    for (let index = 0; index < window; index++) bus.emit('incoming', encode(order(sent + index)));
    await over;
  }
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function decode<T>(bytes: Buffer): T {
  return JSON.parse(bytes.toString()) as T;
}
