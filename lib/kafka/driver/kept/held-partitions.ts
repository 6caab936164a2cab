import { randomUUID } from 'node:crypto';
import { DoneOffsets } from '../../done-offsets.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import type { Admin } from '../client/admin-port.js';
import type { MakeClient } from '../client/client-port.js';
import { withAdmin } from '../client/with-admin.js';

/** A partition, from what its group is not done with up to the end that it had when the reading began. */
export class HeldPartition {
  /** The first offset to read. */
  readonly first: number;
  /** About how many records there are: markers and compacted ones count. */
  readonly size: number;
  private passed: number;

  constructor(
    readonly done: DoneOffsets,
    low: number,
    private readonly high: number,
  ) {
    // What retention has deleted cannot be done any more.
    done.add(Math.min(done.floor, low), low);
    this.first = Math.max(low, done.floor);
    this.passed = this.first;
    this.size = done.missing(this.first, high);
  }

  /** All that was there has been read, here or by another member. */
  get isOver(): boolean {
    return Math.max(this.passed, this.done.floor) >= this.high;
  }

  /** The record at this offset has come. False if it is done, came before a rejoin, or was not there at the beginning. */
  reach(offset: number): boolean {
    this.skip(offset);
    const isWanted = offset >= this.passed && offset < this.high && !this.done.has(offset);
    this.passed = Math.max(this.passed, Math.min(offset + 1, this.high));
    return isWanted;
  }

  /** Nothing comes for the offsets up to this one: markers, aborted and compacted records, with which nobody has to do. */
  skip(to: number): void {
    const end = Math.min(to, this.high);
    if (end <= this.passed) return;
    this.done.add(this.passed, end);
    this.passed = end;
  }
}

/** The partitions of a topic as the group of the source has left them. */
export async function heldPartitions(admin: Admin, spec: KafkaSourceSpec): Promise<ReadonlyMap<number, HeldPartition>> {
  const { address: topic, groupId } = spec;
  const committed = await admin.committed(groupId, [topic]);
  const bounds = await admin.bounds(topic);
  return new Map(
    bounds.map(({ partition, oldest, end }) => {
      const at = committed.find((one) => one.partition === partition);
      const done = DoneOffsets.read(Math.max(at?.offset ?? 0, 0), at?.metadata);
      return [partition, new HeldPartition(done, oldest, end)];
    }),
  );
}

/** A group that nobody else has. */
export const newGroup = (of: string): string => `${of}-look-${randomUUID()}`;

/** Asks by a client of its own, which ends then. */
export async function asking<T>(makeClient: MakeClient, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const client = makeClient({ retries: 3 });
  try {
    return await withAdmin(client, ask);
  } finally {
    client.kill();
  }
}
