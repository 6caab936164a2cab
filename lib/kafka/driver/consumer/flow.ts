import type { Consumer } from 'kafkajs';

import type { PartitionLane } from './partition-lane.js';

/**
 * Which partitions are fetched. Always by partition: pausing one partition un-pauses a topic that was paused whole.
 * kafkajs keeps a pause over loss and regain of a partition, so all of them are set anew at each join.
 */
export class Flow {
  private readonly full = new Set<PartitionLane>();

  /** @param held whether a lane is paused for another reason than being full */
  constructor(
    private readonly consumer: Pick<Consumer, 'pause' | 'resume'>,
    private readonly lanes: Iterable<PartitionLane>,
    private readonly held: (lane: PartitionLane) => boolean,
  ) {}

  /** The lane is full. */
  pause(lane: PartitionLane): void {
    if (lane.isLost) return;
    this.full.add(lane);
    this.set(lane);
  }

  /** There is room again. It acts at kafkajs's next fetch. */
  resume(lane: PartitionLane): void {
    if (this.full.delete(lane) && !lane.isLost) this.set(lane);
  }

  /** Sets every partition as it has to be. */
  apply(): void {
    for (const lane of this.full) if (lane.isLost) this.full.delete(lane);
    for (const lane of this.lanes) this.set(lane);
  }

  private set(lane: PartitionLane): void {
    const { topic, partition } = lane.origin;
    const what = [{ topic, partitions: [partition] }];
    if (this.full.has(lane) || this.held(lane)) this.consumer.pause(what);
    else this.consumer.resume(what);
  }
}
