import { expect } from '@jest/globals';
import type { NatsConnection } from 'nats';
import { produce } from '../../support/real-brokers.js';

const KEYS = 50;

/** Numbered from 0 on, and of the key that its number has in turn. */
export interface Numbered {
  id: number;
  key: number;
}

export const produceNumbered = (topic: string, count: number): Promise<void> =>
  produce(
    topic,
    Array.from({ length: count }, (_, id) => {
      return { key: `k${id % KEYS}`, value: JSON.stringify({ id, key: id % KEYS } satisfies Numbered) };
    }),
  );

/** What a stream holds, by subject and in its order. */
export async function stored(connection: NatsConnection, name: string): Promise<Map<string, Numbered[]>> {
  const found = new Map<string, Numbered[]>();
  let { messages } = (await (await connection.jetstreamManager()).streams.info(name)).state;
  const consumer = await connection.jetstream().consumers.get(name);
  for await (const message of await consumer.consume({ max_messages: 10_000 })) {
    const some = found.get(message.subject) ?? [];
    found.set(message.subject, some);
    some.push(message.json<Numbered>());
    if (--messages === 0) break;
  }
  return found;
}

/** Each once, those of a key in their order. */
export function expectAllInOrder(found: readonly Numbered[], count: number): void {
  expect(found.length).toBe(count);
  for (let key = 0; key < KEYS; key++) {
    const ids = found.filter((one) => one.key === key).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: count / KEYS }, (_, index) => index * KEYS + key));
  }
}
