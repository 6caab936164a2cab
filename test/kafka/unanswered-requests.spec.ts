import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as kafkajs from 'kafkajs';
import { clientMaker } from '../../lib/kafka/driver/kafkajs/client.js';
import type { RequestQueue, SentRequest } from '../../lib/kafka/driver/kafkajs/internals.js';
import { UnansweredRequests } from '../../lib/kafka/driver/kafkajs/unanswered-requests.js';
import { recordingIo } from '../support/kafka/connected.js';

/** A connection's queue, of which the test says what is sent and answered. */
class FakeQueue {
  readonly broker = 'node:9092';
  readonly inflight = new Map<number, SentRequest>();
  private id = 0;
  fulfillRequest = ({ correlationId }: { correlationId: number }): void => void this.inflight.delete(correlationId);

  send(apiName: string): () => void {
    const correlationId = this.id++;
    this.inflight.set(correlationId, { sentAt: Date.now(), entry: { apiName } });
    return () => this.fulfillRequest({ correlationId });
  }

  /** Given up by kafkajs after 30 s. */
  expire(requests: UnansweredRequests): void {
    for (const [id, { sentAt, entry }] of this.inflight) {
      this.inflight.delete(id);
      requests.timedOut(this.broker, entry.apiName, sentAt!);
    }
  }
}

async function watching(longPollMs = 250): Promise<{ queue: FakeQueue; requests: UnansweredRequests }> {
  const requests = new UnansweredRequests(longPollMs);
  const queue = new FakeQueue();
  const create = Symbol('private:Kafka:createCluster');
  const pool = { pool: [{ requestQueue: queue }] };
  const kafka = { [create]: () => ({ connectionPoolBuilder: { build: () => Promise.resolve(pool) } }) };
  requests.watch(kafka);
  await kafka[create]().connectionPoolBuilder.build();
  return { queue, requests };
}

describe('requests that Kafka does not answer', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const pass = (ms: number): void => jest.advanceTimersByTime(ms);

  it.each([
    ['OffsetCommit', 5_000, 'an offset commit for 5 s'],
    ['Heartbeat', 5_000, 'a heartbeat for 5 s'],
    ['Metadata', 5_000, 'a request (Metadata) for 5 s'],
    ['Fetch', 7_000, 'a fetch for 7 s'],
    ['JoinGroup', 5_000, 'a request to join the group (a rebalance waits for all members) for 5 s'],
  ])('are an issue until they are answered: %s after %i ms', async (api, ms, words) => {
    const { queue, requests } = await watching(2_000);
    const answer = queue.send(api);
    pass(ms - 1);
    const early = requests.issue();
    pass(1);
    const late = requests.issue();
    answer();
    expect([early, late, requests.issue()]).toEqual([
      undefined,
      `Kafka (node:9092) has not answered ${words} (since 2026-01-01T00:00:00.000Z)`,
      undefined,
    ]);
  });

  it('are no issue as long as each is answered soon', async () => {
    const { queue, requests } = await watching();
    const issues: unknown[] = [];
    for (let second = 0; second < 9; second++) {
      const answer = queue.send('Heartbeat');
      pass(1_000);
      answer();
      issues.push(requests.issue());
    }
    expect(new Set(issues)).toEqual(new Set([undefined]));
  });

  it('of a rebalance that has waited for other members leave no mark: what follows is as soon or late as ever', async () => {
    const { queue, requests } = await watching(0);
    const join = queue.send('JoinGroup');
    pass(8_000);
    const during = requests.issue();
    join();
    const answer = queue.send('Fetch');
    pass(4_000);
    const after = requests.issue();
    answer();
    expect([during, after]).toEqual([expect.stringContaining('a rebalance waits for all members) for 8 s'), undefined]);
  });

  it('are one outage where the server answers for a moment: told after half a second, with since when', async () => {
    const { queue, requests } = await watching(0);
    const first = queue.send('Fetch');
    pass(6_500);
    first();
    const thawed = requests.issue();
    pass(1_000);
    const second = queue.send('JoinGroup');
    pass(600);
    const again = requests.issue();
    second();
    pass(10_000);
    queue.send('Fetch');
    pass(4_000);
    expect([thawed, again, requests.issue()]).toEqual([
      undefined,
      'Kafka (node:9092) has answered late or not at all since 2026-01-01T00:00:00.000Z: a request to join the group (a rebalance waits for all members) has waited for 1 s',
      undefined,
    ]);
  });

  it('that kafkajs has given up and repeats are one silence', async () => {
    const { queue, requests } = await watching(0);
    queue.send('Produce');
    pass(30_000);
    queue.expire(requests);
    pass(2_000);
    const between = requests.issue();
    const answer = queue.send('Produce');
    pass(1_000);
    const repeated = requests.issue();
    answer();
    expect([between, repeated, requests.issue()]).toEqual([
      'Kafka (node:9092) has not answered a produce request for 32 s (since 2026-01-01T00:00:00.000Z)',
      'Kafka (node:9092) has not answered a produce request for 33 s (since 2026-01-01T00:00:00.000Z)',
      undefined,
    ]);
  });
});

it("kafkajs's queues are as this guard knows them", async () => {
  const { kafka, unanswered } = clientMaker(
    kafkajs,
    { name: 'orders', client: { brokers: ['127.0.0.1:1'] } },
    recordingIo().io,
  )().parts;
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.includes('createCluster'))!;
  const { connectionPoolBuilder } = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]!({});
  const { pool } = await connectionPoolBuilder.build({ host: '127.0.0.1', port: 1 });
  const [{ requestQueue }] = pool;
  const sentAt = Date.now() - 6_000;
  (requestQueue.inflight as Map<number, SentRequest>).set(1, { sentAt, entry: { apiName: 'Fetch' } });
  expect(unanswered.issue()).toBe(
    `Kafka (127.0.0.1:1) has not answered a fetch for 6 s (since ${new Date(sentAt).toISOString()})`,
  );
});

interface Cluster {
  readonly connectionPoolBuilder: {
    build(to: object): Promise<{ readonly pool: readonly [{ readonly requestQueue: RequestQueue }] }>;
  };
}
