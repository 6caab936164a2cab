import { expect, it } from '@jest/globals';
import * as kafkajs from 'kafkajs';

import { calmTimers } from '../../lib/kafka/driver/kafkajs/sockets.js';
import { clientMaker } from '../../lib/kafka/driver/kafkajs/client.js';
import { recordingIo } from '../support/kafka/connected.js';

interface Queue {
  throttleCheckTimeoutId: unknown;
  throttledUntil: number;
  readonly pending: unknown[];
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

/** The queues of a client's connections to one server, none of which is dialled. */
async function queuesOf(kafka: object): Promise<readonly Queue[]> {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.includes('createCluster'))!;
  const { connectionPoolBuilder } = (kafka as Record<symbol, (options: object) => Cluster>)[symbol]!({});
  const { pool } = await connectionPoolBuilder.build({ host: '127.0.0.1', port: 1 });
  return pool.map(({ requestQueue }) => requestQueue);
}

interface Cluster {
  readonly connectionPoolBuilder: {
    build(to: object): Promise<{ readonly pool: readonly { readonly requestQueue: Queue }[] }>;
  };
}

/** Whether it has a timer once it was asked to look after what waits. */
function timed(queue: Queue): boolean {
  queue.scheduleCheckPendingRequests();
  const timer = queue.throttleCheckTimeoutId;
  queue.destroy();
  return timer !== null;
}

const client = { brokers: ['127.0.0.1:1'] };
const made = (options: { calmTimers?: boolean } = {}) =>
  clientMaker(kafkajs, { name: 'orders', client, ...options }, recordingIo().io)().parts.kafka;

it('a connection of ours on which nothing waits sets no timer (kafkajs #1556)', async () => {
  expect((await queuesOf(made())).map(timed)).toEqual([false, false]);
});

it('nor does any of another user of kafkajs change, or of a broker that does not want it', async () => {
  made();
  expect((await queuesOf(new kafkajs.Kafka(client))).map(timed)).toEqual([true, true]);
  expect((await queuesOf(made({ calmTimers: false }))).map(timed)).toEqual([true, true]);
});

it('where a request waits, or the server asked for a pause, there is a timer', async () => {
  const [waiting, throttled] = (await queuesOf(made())) as [Queue, Queue];
  waiting.pending.push({});
  throttled.throttledUntil = Date.now() + 60_000;
  expect([waiting, throttled].map(timed)).toEqual([true, true]);
});

it('what is not the code that it was written for stays as it is', () => {
  expect(calmTimers({})).toBe(false);
});
