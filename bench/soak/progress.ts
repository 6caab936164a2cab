import { setTimeout as pause } from 'node:timers/promises';
import { flow, type FlowName, flowNames, isTopic } from './flows.js';
import type { Durable, Topic } from './flows.js';
import type { Servers } from './servers.js';

/** What may stand by itself: a partition, or a durable consumer. */
export interface Unit {
  readonly flow: FlowName;
  readonly name: string;
  /** How much of its source is committed or settled. */
  readonly settled: number;
  /** How much is not. */
  readonly backlog: number;
  /** When its servers were asked. */
  readonly at: number;
  /** The source is not there. */
  readonly missing?: boolean;
}

const ANSWER_MS = 2_000;

/** How far all sources are done, as their servers tell; as they told last while they are away. */
export class Progress {
  private readonly known = new Map<FlowName, readonly Unit[]>();

  constructor(private readonly servers: Servers) {}

  async look(): Promise<readonly Unit[]> {
    const now = flowNames.map(async (name) => this.known.set(name, await this.unitsOf(name)));
    const late = Promise.all(now.map((one) => one.catch(() => undefined)));
    await Promise.race([late, pause(ANSWER_MS)]);
    return [...this.known.values()].flat();
  }

  private async unitsOf(name: FlowName): Promise<readonly Unit[]> {
    const { from } = flow(name);
    const title = isTopic(from) ? from.topic : from.stream;
    if (this.servers.lacks(name))
      return [{ flow: name, name: title, settled: 0, backlog: 1, at: Date.now(), missing: true }];
    return isTopic(from) ? this.partitions(name, from) : [await this.durable(name, from)];
  }

  private async partitions(name: FlowName, { topic, group }: Topic): Promise<readonly Unit[]> {
    const { admin } = this.servers;
    const at = Date.now();
    const [ends, [offsets]] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      admin.fetchOffsets({ groupId: group, topics: [topic] }),
    ]);
    const committed = new Map(offsets!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.map(({ partition, high }) => {
      const settled = Math.max(0, committed.get(partition) ?? 0);
      return { flow: name, name: `${topic}[${partition}]`, settled, backlog: Number(high) - settled, at };
    });
  }

  private async durable(name: FlowName, { stream, durable }: Durable): Promise<Unit> {
    const at = Date.now();
    const { streams, consumers } = this.servers.streams;
    const { state } = await streams.info(stream);
    const consumer = await consumers.info(stream, durable).catch(() => undefined);
    const backlog = consumer === undefined ? state.messages : consumer.num_pending + consumer.num_ack_pending;
    return { flow: name, name: `${stream}/${durable}`, settled: state.messages - backlog, backlog, at };
  }
}
