import type { Consumer, EachBatchPayload, PartitionAssigner } from 'kafkajs';
import { within } from '../../../async/index.js';
import type { DriverContext, Incoming, KeptAccess, KeptMessages } from '../../../driver/index.js';
import { asError, errorOf } from '../../../errors/index.js';
import type { KafkaSettings } from '../../options.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import { KafkaRecord } from '../consumer/record.js';
import { addPartitionCounts } from '../consumer/unassigned-partitions.js';
import { type Client, type MakeClient, RETRY } from '../kafkajs/client.js';
import { methodOf } from '../kafkajs/client-methods.js';
import { type AssignerProtocol, assigners } from '../kafkajs/partition-assigner.js';
import { Handoff } from './handoff.js';
import { type HeldPartition, heldPartitions, newGroup, withAdmin } from './held-partitions.js';

/** The broker's parts that a reading needs. */
export interface KeptRecordsHost {
  readonly io: DriverContext;
  readonly settings: KafkaSettings;
  readonly makeClient: MakeClient;
  /** Of the cluster's id. */
  readonly cluster: string;
  readonly protocol: AssignerProtocol;
}

/** While one record is handled, kafkajs neither fetches nor sends heartbeats by itself. */
const HEARTBEAT_MS = 1_000;
/** A commit costs a round trip: what a kill repeats is the work of so many milliseconds. */
const COMMIT_MS = 200;
const LEAVE_MS = 5_000;
/** A consumer that leaves its group waits for its fetch first, and a partition at its end answers none sooner. */
const LONG_POLL_MS = 250;

/**
 * Reads what a topic holds for its group, as a member of it: the partitions are shared out to all processes that redrive. A
 * look is a group of its own, which commits nothing and is deleted.
 */
export class KeptRecords implements KeptMessages {
  private readonly client: Client;
  private readonly consumer: Consumer;
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
    this.client = host.makeClient({ retries: RETRY.retries });
    this.consumer = this.client.kafka.consumer({
      ...host.settings.consumer,
      maxWaitTimeInMs: LONG_POLL_MS,
      partitionAssigners: host.settings.consumer?.partitionAssigners ?? this.assigners(),
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
      groupId: this.groupId,
    });
    const { events } = this.consumer;
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => this.joined(payload.memberAssignment[spec.address] ?? []));
    this.consumer.on(events.CRASH, ({ payload }) => this.records.fail(payload.error));
    // A batch of markers or aborted records alone is not handed over.
    this.consumer.on(events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      this.partitions.get(partition)?.skip(Number(lastOffset) + 1);
      this.checkOver();
    });
  }

  static async open(host: KeptRecordsHost, spec: KafkaSourceSpec, access: KeptAccess): Promise<KeptMessages> {
    try {
      const partitions = await withAdmin(host.makeClient, (admin) => heldPartitions(admin, spec));
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
    await within(clock, this.commit(), LEAVE_MS);
    this.records.end();
    await within(clock, this.leave(), LEAVE_MS);
    this.client.kill();
  }

  private async start(): Promise<void> {
    const { consumer, spec } = this;
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [spec.address], fromBeginning: true });
      const run = methodOf(consumer, 'run', this.host.io);
      await run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (batch) => this.take(batch) });
    } catch (thrown) {
      this.client.kill();
      throw thrown;
    }
    for (const [partition, { first }] of this.partitions)
      consumer.seek({ topic: spec.address, partition, offset: String(first) });
  }

  /** As for every group: its other members may redrive other topics. */
  private assigners(): PartitionAssigner[] {
    const { protocol, makeClient } = this.host;
    const count = async (topics: readonly string[]): Promise<ReadonlyMap<string, number>> => {
      const counts = new Map<string, number>();
      await withAdmin(makeClient, (admin) => addPartitionCounts(counts, admin, topics)).catch(() => undefined);
      return counts;
    };
    return assigners({ protocol, count });
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
      const now = await withAdmin(this.host.makeClient, (admin) => heldPartitions(admin, this.spec));
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

  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    await this.loading;
    const held = this.partitions.get(batch.partition);
    if (held === undefined) return;
    for (const message of batch.messages) {
      if (!payload.isRunning() || payload.isStale() || this.records.isOver) return;
      if (held.reach(Number(message.offset))) {
        const record = new KafkaRecord(this.originOf(batch.partition), message);
        await this.records.give(record, this.host.io.clock, HEARTBEAT_MS, () => payload.heartbeat());
      }
      payload.resolveOffset(message.offset);
    }
  }

  private originOf(partition: number): ConstructorParameters<typeof KafkaRecord>[0] {
    const topic = this.spec.address;
    return { place: `kafka:${this.host.cluster}:${topic}:${partition}:`, topic, partition, params: undefined };
  }

  /** What cannot be committed is handled once more. Only partitions that this member has: others commit their own. */
  private async commit(): Promise<void> {
    if (this.isCommitted || this.access === 'look') return;
    this.isCommitted = true;
    this.committedAt = this.host.io.clock.now();
    const offsets = (this.assigned ?? []).flatMap((partition) => {
      const { done } = this.partitions.get(partition) ?? {};
      if (done === undefined) return [];
      const { floor, metadata } = done;
      return [{ topic: this.spec.address, partition, offset: String(floor), metadata }];
    });
    try {
      await this.consumer.commitOffsets(offsets);
    } catch (thrown) {
      this.isCommitted = false;
      this.host.io.log.debug(`Group '${this.groupId}' could not commit: ${asError(thrown).message}`);
    }
  }

  private async leave(): Promise<void> {
    await this.consumer.disconnect().catch(() => undefined);
    if (this.access === 'take') return;
    const { groupId } = this;
    await withAdmin(this.host.makeClient, (admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
}
