import type { Intake, Sink } from '../../../driver/index.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import { Group, type GroupHost } from './group.js';
import type { Reader } from './partition-lane.js';

/** The groups that one broker reads in: one consumer for each, however many topics. */
export class Groups {
  private readonly groups = new Map<string, Group>();

  constructor(private readonly host: GroupHost) {}

  /** As the port has it. */
  async subscribe(sources: readonly KafkaSourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const readers = new Map<Group, Reader[]>();
    for (const spec of sources) {
      const group = this.group(spec.groupId);
      const reader = { spec, sink, quiet: false };
      readers.set(group, [...(readers.get(group) ?? []), reader]);
    }
    const joins = [...readers].map(([group, some]) => group.add(some, signal));
    const results = await Promise.allSettled(joins);
    const failed = results.find(({ status }) => status === 'rejected');
    const intake = this.intake(readers);
    if (failed === undefined) return intake;
    await intake.close();
    throw (failed as PromiseRejectedResult).reason;
  }

  ailments(): string[] {
    return [...this.groups.values()].flatMap((group) => (group.isOver ? [] : group.ailments()));
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

  /** One that was left for good, unless another has its name by now. */
  private forget(group: Group): void {
    if (group.isOver && this.groups.get(group.groupId) === group) this.groups.delete(group.groupId);
  }

  private intake(readers: ReadonlyMap<Group, readonly Reader[]>): Intake {
    const groups = [...readers.keys()];
    return {
      quiet: () => {
        for (const some of readers.values()) for (const reader of some) reader.quiet = true;
        for (const group of groups) group.quiet();
        return Promise.resolve();
      },
      flush: async () => {
        await Promise.all(groups.map((group) => group.flush()));
      },
      close: async () => {
        for (const some of readers.values()) for (const reader of some) reader.quiet = true;
        await Promise.all([...readers].map(([group, some]) => group.remove(some)));
        for (const group of groups) this.forget(group);
      },
    };
  }
}
