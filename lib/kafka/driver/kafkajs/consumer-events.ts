import type { Consumer } from 'kafkajs';
import type { ConsumerListeners } from '../client/consumer-port.js';

/** Events that concern the adapter itself. */
export interface OwnListeners {
  /** Offsets of that number of partitions were committed. */
  committed(partitions: number): void;
  /** The server, named by its address, did not answer a request within kafkajs's `requestTimeout`. */
  timedOut(node: string, api: string, sentAt: number): void;
}

/** Registers listeners with kafkajs. None may throw: the error would end up in kafkajs's own stop. */
export function listenTo(consumer: Consumer, to: ConsumerListeners, own: OwnListeners): void {
  const { events } = consumer;
  consumer.on(events.HEARTBEAT, () => to.alive());
  consumer.on(events.END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
    to.alive();
    // Of a fetch that brought markers or aborted records alone kafkajs hands over no batch.
    if (batchSize === 0) to.passed(topic, partition, Number(lastOffset));
  });
  consumer.on(events.FETCH_START, ({ payload }) => to.fetchBegun(String(payload.nodeId)));
  consumer.on(events.FETCH, ({ payload }) => {
    to.alive();
    to.fetched(String(payload.nodeId));
  });
  consumer.on(events.GROUP_JOIN, ({ payload: { memberId, isLeader, groupProtocol, memberAssignment } }) => {
    to.alive();
    to.joined({ memberId, isLeader, assigner: groupProtocol, assignment: memberAssignment });
  });
  consumer.on(events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) => {
    to.foreignTopics(payload.topicsNotSubscribed);
  });
  consumer.on(events.REBALANCING, () => to.rebalancing());
  consumer.on(events.COMMIT_OFFSETS, ({ payload }) => {
    own.committed(payload.topics.reduce((sum, { partitions }) => sum + partitions.length, 0));
  });
  consumer.on(events.REQUEST_TIMEOUT, ({ payload: { broker, apiName, sentAt } }) => {
    own.timedOut(broker, apiName, sentAt);
  });
  consumer.on(events.CRASH, ({ payload }) => to.crashed(payload.error));
}
