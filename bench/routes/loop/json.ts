import type { Order } from '../../support/messages.js';

export function decode(data: Uint8Array): Order {
  return JSON.parse(viewOf(data).toString()) as Order;
}

export function viewOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

export function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
