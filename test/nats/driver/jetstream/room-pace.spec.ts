import { expect, it, jest } from '@jest/globals';
import { BytesMessage, type Incoming, JsonMessage } from '../../../../lib/driver/index.js';
import type { JetStreamApi } from '../../../../lib/nats/driver/jetstream/jetstream-api.js';
import { RoomPace } from '../../../../lib/nats/driver/jetstream/publish-pace.js';

/** Of a stream with room for so many bytes. */
function paceOf(room: number): RoomPace {
  const info = { config: { max_msgs: -1, max_bytes: 1_000 + 2 * room }, state: { messages: 0, bytes: 1_000 } };
  const api = { manager: async () => ({ streams: { info: async () => info } }) };
  return new RoomPace('S', api as unknown as JetStreamApi);
}

const results = (text: string) =>
  Array.from({ length: 100 }, () => new JsonMessage(text, {} as Incoming, '/p', '1', 'c'.repeat(30)));

it.each([JSON.stringify('x'.repeat(1_000)), JSON.stringify('€'.repeat(1_000))])(
  'a result of plain JSON takes as much of the room as the same with bytes and headers: %.3s',
  async (text) => {
    const plain = results(text);
    const whole = plain.map(({ body, headers }) => ({ body, headers }));
    const [asText, asBytes] = await Promise.all([plain, whole].map((batch) => paceOf(100_000).next(batch, 0)));
    expect(asBytes).toBeGreaterThan(10);
    expect(asText).toBeGreaterThanOrEqual(asBytes! - 3);
    expect(asText).toBeLessThanOrEqual(asBytes!);
  },
);

it('a result of bytes takes as much of the room as the same with headers', async () => {
  const message = new BytesMessage(Buffer.alloc(1_000), undefined, {} as Incoming, '/p', '1', 'c'.repeat(30));
  const plain = Array.from({ length: 100 }, () => message);
  const whole = plain.map(({ body, headers }) => ({ body, headers }));
  const [parts, fields] = await Promise.all([plain, whole].map((batch) => paceOf(100_000).next(batch, 0)));
  expect(fields).toBeGreaterThan(10);
  expect(fields! - parts!).toBeGreaterThanOrEqual(0);
  expect(fields! - parts!).toBeLessThanOrEqual(4);
});

it('no bytes and headers of a result of plain JSON are made to know its size', async () => {
  const made = (['body', 'headers'] as const).map((name) => jest.spyOn(JsonMessage.prototype, name, 'get'));
  await paceOf(100_000).next(results('1'), 0);
  for (const one of made) expect(one).not.toHaveBeenCalled();
  jest.restoreAllMocks();
});
