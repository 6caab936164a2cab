import { kafkaClient } from './servers.js';

/** About 203 bytes of JSON: nested, with two items, as an order might be. */
export interface Order {
  readonly id: number;
  readonly customer: { readonly name: string; readonly country: string };
  readonly items: readonly { readonly sku: string; readonly count: number; readonly price: number }[];
  readonly note: string;
}

export function order(id: number): Order {
  return {
    id,
    customer: { name: 'Ada Lovelace', country: 'GB' },
    items: [
      { sku: 'A-100-200', count: 2, price: 19.99 },
      { sku: 'B-300-400', count: 1, price: 249.5 },
    ],
    note: 'leave at the door, ring twice',
  };
}

/** Of the messages in {@link prefill}; those of one key lie in one partition, for any power of two up to 32. */
export const KEYS = 800;

/** Fills a new topic with `count` orders over `partitions` partitions. */
export async function prefill(topic: string, count: number, partitions: number): Promise<void> {
  const kafka = kafkaClient();
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer({
    createPartitioner:
      () =>
      ({ message }) =>
        Number(message.key) % partitions,
  });
  await producer.connect();
  const chunk = 2_000;
  for (let from = 0; from < count; from += chunk) {
    const messages = Array.from({ length: Math.min(chunk, count - from) }, (_, index) => ({
      key: String((from + index) % KEYS),
      value: JSON.stringify(order(from + index)),
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}
