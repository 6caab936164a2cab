import type { Order } from '../../support/messages.js';

export function decode(data: Uint8Array): Order {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()) as Order;
}

export function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
