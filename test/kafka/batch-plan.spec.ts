import { describe, expect, it, jest } from '@jest/globals';

import { BytesMessage, type Incoming, JsonMessage } from '../../lib/driver/index.js';
import { LeftOut } from '../../lib/kafka/record-headers.js';
import { recordToSend, rounds } from '../../lib/kafka/driver/producer/batch-plan.js';

const origin = {} as Incoming;
const leftOut = new LeftOut('orders', 'kafkajs', { warn: () => undefined });

const records = (count: number, size: number, partitions: number) =>
  Array.from({ length: count }, (_, index) => {
    const one = recordToSend({ body: Buffer.alloc(size), key: 'k', headers: { h: 'v' } }, index, leftOut);
    one.message.partition = index % partitions;
    return one;
  });

describe('a result of plain JSON', () => {
  it.each(['{"a":1}', '"größe €"', `"${'é'.repeat(5_000)}"`])(
    'is the same record as with bytes and headers: %.20s',
    (text) => {
      const result = new JsonMessage(text, origin, undefined, '1', 'kafka:c:t:0:1:1790000000000');
      const { body, headers } = result;
      const [parts, fields] = [result, { body, headers }].map((one) => recordToSend(one, 3, leftOut));
      expect({ ...parts!.message, value: Buffer.from(parts!.message.value!) }).toEqual(fields!.message);
      expect(parts!.size).toBeGreaterThanOrEqual(fields!.size);
    },
  );

  it.each([undefined, 'image/png'])('of bytes is the same, too, with the content type %s', (contentType) => {
    const result = new BytesMessage(new Uint8Array([0, 255]), contentType, origin, undefined, '1', 'c');
    const { body, headers } = result;
    const [parts, fields] = [result, { body, headers }].map((one) => recordToSend(one, 3, leftOut));
    expect(parts!.message).toEqual(fields!.message);
    expect(parts!.message.value).toBeInstanceOf(Buffer);
    expect(parts!.size).toBeGreaterThanOrEqual(fields!.size);
  });

  it('keeps its headers where an instrumentation adds others to the record', () => {
    const result = new JsonMessage('1', origin, undefined, '1', 'c');
    Object.assign(recordToSend(result, 0, leftOut).message.headers!, { traceparent: 'x' });
    expect(recordToSend(result, 0, leftOut).message.headers).not.toHaveProperty('traceparent');
  });

  it('makes headers for the record alone', () => {
    const made = jest.spyOn(JsonMessage.prototype, 'headers', 'get');
    recordToSend(new JsonMessage('1', origin, undefined, '1', 'c'), 0, leftOut);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });
});

describe('a batch', () => {
  it('goes in requests that the server takes by its default limit, in order within each partition', () => {
    const all = rounds(records(3_000, 2_000, 2));
    const largest = Math.max(...all.flat().map((portion) => portion.reduce((sum, { size }) => sum + size, 0)));
    const places = all
      .map((round) => round.find(([first]) => first!.message.partition === 0) ?? [])
      .flatMap((portion) => portion.map(({ place }) => place));
    expect([largest <= 1_000_000, places]).toEqual([true, Array.from({ length: 1_500 }, (_, index) => index * 2)]);
  });

  it('of one message is one request, however large: the server says that it is too large', () => {
    expect(rounds(records(1, 5_000_000, 1)).map((round) => round.length)).toEqual([1]);
  });

  it('goes in portions of a thousand: kafkajs copies an array for each message of one', () => {
    expect(rounds(records(2_500, 1, 1)).map(([portion]) => portion!.length)).toEqual([1_000, 1_000, 500]);
  });
});
