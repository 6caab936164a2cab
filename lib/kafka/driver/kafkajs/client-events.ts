import type { Consumer, ConsumerGroupJoinEvent } from 'kafkajs';

/** Listeners to a consumer's events. None may throw: the error would end up in kafkajs's own stop. */
export interface ConsumerListeners {
  /** The server has answered. */
  alive(): void;
  /** A fetch is sent to a node. */
  fetchBegun(node: string): void;
  /** A fetch was answered and decoded. */
  fetched(node: string): void;
  /** A partition's fetch, up to this offset, held markers or aborted records alone: kafkajs hands over no batch. */
  passed(topic: string, partition: number, last: number): void;
  /** The leader gave this member partitions of topics that it does not read; emitted before the join. */
  foreignTopics(topics: readonly string[]): void;
  joined(join: ConsumerGroupJoinEvent['payload']): void;
  /** The group is about to rejoin; the assignment still holds. */
  rebalancing(): void;
  /** Offsets of that number of partitions were committed. */
  committed(partitions: number): void;
  /** The server, named by its address, did not answer a request within kafkajs's `requestTimeout`. */
  timedOut(node: string, api: string, sentAt: number): void;
  /** The consumer has ended and does not restart. */
  crashed(cause: Error): void;
}

/** Registers the listeners with kafkajs. */
export function listenTo(consumer: Consumer, to: ConsumerListeners): void {
  const { events } = consumer;
  consumer.on(events.HEARTBEAT, () => to.alive());
  consumer.on(events.END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
    to.alive();
    if (batchSize === 0) to.passed(topic, partition, Number(lastOffset));
  });
  consumer.on(events.FETCH_START, ({ payload }) => to.fetchBegun(String(payload.nodeId)));
  consumer.on(events.FETCH, ({ payload }) => {
    to.alive();
    to.fetched(String(payload.nodeId));
  });
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    to.alive();
    to.joined(payload);
  });
  consumer.on(events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) => {
    to.foreignTopics(payload.topicsNotSubscribed);
  });
  consumer.on(events.REBALANCING, () => to.rebalancing());
  consumer.on(events.COMMIT_OFFSETS, ({ payload }) => {
    to.committed(payload.topics.reduce((sum, { partitions }) => sum + partitions.length, 0));
  });
  consumer.on(events.REQUEST_TIMEOUT, ({ payload: { broker, apiName, sentAt } }) => {
    to.timedOut(broker, apiName, sentAt);
  });
  consumer.on(events.CRASH, ({ payload }) => to.crashed(payload.error));
}
