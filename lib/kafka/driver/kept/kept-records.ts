import { sleep, within } from '../../../async/index.js';
import type { DriverContext, Incoming, KeptAccess, KeptMessages } from '../../../driver/index.js';
import { asError, errorOf } from '../../../errors/index.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import { KafkaRecord } from '../consumer/record.js';
import { addPartitionCounts } from '../consumer/unassigned-partitions.js';
import type { Client, MakeClient } from '../client/client-port.js';
import type { ConsumerListeners, FetchedBatch, GroupConsumer, GroupConsumerOptions } from '../client/consumer-port.js';
import { Handoff } from './handoff.js';
import { asking, type HeldPartition, heldPartitions, newGroup } from './held-partitions.js';

/** The broker's parts that a reading needs. */
export interface KeptRecordsHost {
  readonly io: DriverContext;
  readonly makeClient: MakeClient;
  /** The cluster's id; without one, the broker's name. */
  readonly cluster: string;
}

/** While one record is handled, a client need neither fetch nor send heartbeats by itself (kafkajs does not). */
const HEARTBEAT_MS = 1_000;
/** A commit costs a round trip: what a kill repeats is the work of so many milliseconds. */
const COMMIT_MS = 200;
/** Of the last commit. */
const ATTEMPTS = 3;
const LEAVE_MS = 5_000;
/** A consumer that leaves its group waits for its fetch first, and a partition at its end answers none sooner. */
const LONG_POLL_MS = 250;
/** How often the client retries a connection. */
const RETRIES = 8;

/**
 * Reads what a topic holds for its group, as a member of it: the partitions are shared out to all processes that redrive. A
 * look is a group of its own, which commits nothing and is deleted.
 */
export class KeptRecords implements KeptMessages {
  private readonly client: Client;
  private readonly consumer: GroupConsumer;
  private readonly records = new Handoff<KafkaRecord>();
  private readonly handed = new Map<Incoming, { readonly partition: number; readonly offset: number }>();
  private readonly groupId: string;
  /** Undefined until the group is joined and it is known what others have done. */
  private assigned: readonly number[] | undefined;
  private loading: Promise<void> | undefined;
  private isCommitted = true;
  private committedAt = 0;

  constructor(
    private readonly host: KeptRecordsHost,
    private readonly spec: KafkaSourceSpec,
    private readonly access: KeptAccess,
    private readonly partitions: ReadonlyMap<number, HeldPartition>,
  ) {
    this.groupId = access === 'look' ? newGroup(spec.groupId) : spec.groupId;
    this.client = host.makeClient({ retries: RETRIES });
    this.consumer = this.client.consumer(this.consumerOptions(), this.listeners());
  }

  static async open(host: KeptRecordsHost, spec: KafkaSourceSpec, access: KeptAccess): Promise<KeptMessages> {
    try {
      const partitions = await asking(host.makeClient, (admin) => heldPartitions(admin, spec));
      const kept = new KeptRecords(host, spec, access, partitions);
      if (kept.size > 0) await kept.start();
      else kept.records.end();
      return kept;
    } catch (thrown) {
      const { broker } = host.io;
      const cause = asError(thrown);
      const params = { broker, source: spec.name, reason: cause.message };
      throw errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.unreadable', params, { cause });
    }
  }

  get size(): number {
    return [...this.partitions.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    this.records.finish();
    this.checkOver();
    const record = await this.records.take(signal);
    if (record !== undefined) this.handed.set(record, { partition: record.partition, offset: Number(record.offset) });
    return record;
  }

  async done(message: Incoming): Promise<void> {
    const at = this.handed.get(message);
    if (at === undefined || this.access === 'look') return;
    this.handed.delete(message);
    this.partitions.get(at.partition)?.done.add(at.offset);
    this.isCommitted = false;
    if (this.host.io.clock.now() - this.committedAt >= COMMIT_MS) await this.commit();
  }

  async close(): Promise<void> {
    const { clock } = this.host.io;
    await within(clock, this.commitAtLast(), LEAVE_MS);
    this.records.end();
    await within(clock, this.leave(), LEAVE_MS);
    this.client.kill();
  }

  private async start(): Promise<void> {
    const { consumer, spec } = this;
    try {
      await consumer.connect();
      await consumer.subscribe([spec.address]);
      await consumer.run((batch) => this.take(batch));
    } catch (thrown) {
      this.client.kill();
      throw thrown;
    }
    for (const [partition, { first }] of this.partitions) consumer.seek(spec.address, partition, first);
  }

  private consumerOptions(): GroupConsumerOptions {
    return {
      groupId: this.groupId,
      maxWaitMs: LONG_POLL_MS,
      persistent: false,
      concurrently: 1,
      count: (topics) => this.count(topics),
    };
  }

  private listeners(): ConsumerListeners {
    const nothing = (): void => undefined;
    return {
      alive: nothing,
      fetchBegun: nothing,
      fetched: nothing,
      foreignTopics: nothing,
      rebalancing: nothing,
      revoking: () => Promise.resolve(),
      offsetLost: nothing,
      complained: nothing,
      joined: ({ assignment }) => this.joined(assignment[this.spec.address] ?? []),
      passed: (_topic, partition, lastOffset) => this.passed(partition, lastOffset),
      crashed: (cause) => this.records.fail(cause),
    };
  }

  /** As for every group: its other members may redrive other topics. */
  private async count(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    await asking(this.host.makeClient, (admin) => addPartitionCounts(counts, admin, topics)).catch(() => undefined);
    return counts;
  }

  /** Nothing comes any more up to this offset. */
  private passed(partition: number, lastOffset: number): void {
    this.partitions.get(partition)?.skip(lastOffset + 1);
    this.checkOver();
  }

  private joined(assigned: readonly number[]): void {
    this.assigned = undefined;
    this.loading = this.load().then(() => {
      this.assigned = assigned;
      this.checkOver();
    });
  }

  /** Other members may have gone on with a partition since it was looked at last. */
  private async load(): Promise<void> {
    if (this.access === 'look') return;
    try {
      const now = await asking(this.host.makeClient, (admin) => heldPartitions(admin, this.spec));
      for (const [partition, { done }] of now) this.partitions.get(partition)?.done.merge(done);
    } catch (thrown) {
      this.records.fail(asError(thrown));
    }
  }

  /** A partition that another member got is read there. */
  private checkOver(): void {
    const isRead = (partition: number): boolean => this.partitions.get(partition)?.isOver ?? true;
    if (this.assigned?.every(isRead) === true && this.records.isIdle) this.records.end();
  }

  private async take(batch: FetchedBatch): Promise<void> {
    const { partition } = batch;
    await this.loading;
    const held = this.partitions.get(partition);
    if (held === undefined) return;
    for (const message of batch.records) {
      if (!batch.isRunning() || batch.isStale() || this.records.isOver) return;
      if (held.reach(Number(message.offset))) {
        const record = new KafkaRecord(this.originOf(partition), message);
        await this.records.give(record, this.host.io.clock, HEARTBEAT_MS, () => batch.heartbeat());
      }
      batch.resolve(message);
    }
    // Markers and aborted records at its end.
    this.passed(partition, batch.lastOffset);
  }

  private originOf(partition: number): ConstructorParameters<typeof KafkaRecord>[0] {
    const topic = this.spec.address;
    return { place: `kafka:${this.host.cluster}:${topic}:${partition}:`, topic, partition, params: undefined };
  }

  /** What cannot be committed is handled once more. Only partitions that this member has: others commit their own. */
  private async commit(): Promise<void> {
    if (this.isCommitted || this.access === 'look') return;
    // Of a group that has just rejoined it is not known yet which partitions this member has.
    await this.loading;
    this.isCommitted = true;
    this.committedAt = this.host.io.clock.now();
    const offsets = (this.assigned ?? []).flatMap((partition) => {
      const { done } = this.partitions.get(partition) ?? {};
      if (done === undefined) return [];
      const { floor, metadata } = done;
      return [{ topic: this.spec.address, partition, offset: floor, metadata }];
    });
    try {
      await this.consumer.commit(offsets);
    } catch (thrown) {
      this.isCommitted = false;
      this.host.io.log.debug(`Group '${this.groupId}' could not commit: ${asError(thrown).message}`);
    }
  }

  /** The coordinator of the group may just be moving. */
  private async commitAtLast(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS && !this.isCommitted; attempt++) {
      if (attempt > 0) await sleep(this.host.io.clock, COMMIT_MS);
      await this.commit();
    }
  }

  private async leave(): Promise<void> {
    await this.consumer.disconnect().catch(() => undefined);
    if (this.access === 'take') return;
    const { groupId } = this;
    await asking(this.host.makeClient, (admin) => admin.deleteGroup(groupId)).catch(() => undefined);
  }
}
