import type { Consumer } from 'kafkajs';

import type { Assignment } from './lanes.js';

/** What of kafkajs's events matters. No listener may throw: it would reach kafkajs's own stop. */
export interface Listeners {
  /** Any sign of life. */
  alive(): void;
  joined(memberId: string, assignment: Assignment): void;
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
  for (const event of [events.FETCH_START, events.FETCH, events.HEARTBEAT, events.END_BATCH_PROCESS] as const) {
    consumer.on(event, alive);
  }
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    to.alive();
    to.joined(payload.memberId, payload.memberAssignment);
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
