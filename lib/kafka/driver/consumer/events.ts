import type { Consumer, ConsumerGroupJoinEvent } from 'kafkajs';

/** What of kafkajs's events matters. No listener may throw: it would reach kafkajs's own stop. */
export interface Listeners {
  /** The server has answered. */
  alive(): void;
  /** A request for messages goes to a node. */
  fetchBegun(node: string): void;
  /** Its answer was read. */
  fetched(node: string): void;
  /** All that was fetched of a partition, up to this offset, is no message; kafkajs hands over no batch then. */
  passed(topic: string, partition: number, last: number): void;
  /** The leader gave this member partitions of topics that it does not read; told before the join. */
  strayed(topics: readonly string[]): void;
  joined(join: ConsumerGroupJoinEvent['payload']): void;
  /** The group is about to be joined anew; the assignment still holds. */
  rebalancing(): void;
  /** So many partitions were committed. */
  committed(partitions: number): void;
  /** The consumer is dead: it does not begin again by itself. */
  crashed(cause: Error): void;
}

export function listenTo(consumer: Consumer, to: Listeners): void {
  const { events } = consumer;
  const alive = (): void => {
    to.alive();
  };
  consumer.on(events.HEARTBEAT, alive);
  consumer.on(events.END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
    to.alive();
    if (batchSize === 0) to.passed(topic, partition, Number(lastOffset));
  });
  consumer.on(events.FETCH_START, ({ payload }) => {
    to.fetchBegun(String(payload.nodeId));
  });
  consumer.on(events.FETCH, ({ payload }) => {
    to.alive();
    to.fetched(String(payload.nodeId));
  });
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    to.alive();
    to.joined(payload);
  });
  consumer.on(events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) => {
    to.strayed(payload.topicsNotSubscribed);
  });
  consumer.on(events.REBALANCING, () => {
    to.rebalancing();
  });
  consumer.on(events.COMMIT_OFFSETS, ({ payload }) => {
    to.committed(payload.topics.reduce((sum, { partitions }) => sum + partitions.length, 0));
  });
  consumer.on(events.CRASH, ({ payload }) => {
    to.crashed(payload.error);
  });
}
