import type { Intake, Sink } from '../../../driver/index.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import { Group, type GroupHost } from './group.js';
import { GroupLags } from './group-lags.js';
import type { TopicSubscription } from './partition-lane.js';

/** The consumer groups of one broker: one consumer for each, however many topics. */
export class Groups {
  private readonly groups = new Map<string, Group>();
  private readonly lags: GroupLags;

  constructor(private readonly host: GroupHost) {
    this.lags = new GroupLags(host.makeClient);
  }

  /** One member for each group that the sources name. Rejects with none of them read. */
  async subscribe(sources: readonly KafkaSourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const subscriptions = new Map<Group, TopicSubscription[]>();
    for (const spec of sources) {
      const group = this.group(spec.groupId);
      const subscription = { spec, sink, quiet: false };
      subscriptions.set(group, [...(subscriptions.get(group) ?? []), subscription]);
    }
    const joins = [...subscriptions].map(([group, some]) => group.add(some, signal));
    const results = await Promise.allSettled(joins);
    const failed = results.find(({ status }) => status === 'rejected');
    const intake = this.intake(subscriptions);
    if (failed === undefined) return intake;
    await intake.close();
    throw (failed as PromiseRejectedResult).reason;
  }

  healthIssues(): string[] {
    return [...this.groups.values()].flatMap((group) => (group.isOver ? [] : group.healthIssues()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.groups.values()].map((group) => group.close()));
    this.groups.clear();
  }

  private group(groupId: string): Group {
    const known = this.groups.get(groupId);
    if (known !== undefined && !known.isOver) return known;
    const group = new Group(groupId, this.host);
    this.groups.set(groupId, group);
    return group;
  }

  /** Forgets a group that was left for good, unless another one has its id by now. */
  private forget(group: Group): void {
    if (group.isOver && this.groups.get(group.groupId) === group) this.groups.delete(group.groupId);
  }

  private intake(subscriptions: ReadonlyMap<Group, readonly TopicSubscription[]>): Intake {
    const groups = [...subscriptions.keys()];
    return {
      lag: (source, signal) => this.lags.of(source as KafkaSourceSpec, signal),
      stopFetching: () => {
        for (const some of subscriptions.values()) for (const subscription of some) subscription.quiet = true;
        for (const group of groups) group.stopFetching();
        return Promise.resolve();
      },
      flush: async () => {
        await Promise.all(groups.map((group) => group.flush()));
      },
      close: async () => {
        for (const some of subscriptions.values()) for (const subscription of some) subscription.quiet = true;
        await Promise.all([...subscriptions].map(([group, some]) => group.remove(some)));
        for (const group of groups) this.forget(group);
      },
    };
  }
}
