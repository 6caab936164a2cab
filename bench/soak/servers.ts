import { OwnServers } from '../support/own-servers.js';
import { FLOWS, flow, type FlowName, flowNames, isTopic } from './flows.js';

const OUT_TOPICS = [
  { topic: 'soak-out', partitions: 6 },
  { topic: 'soak-far-out', partitions: 1 },
];

/** The soak's own Kafka and NATS, with what it looks at them by. */
export class Servers extends OwnServers {
  private readonly missing = new Set(flowNames.filter((name) => flow(name).late === true));

  /** Starts both and makes what the flows need, but for what is late; leaves nothing running when it fails. */
  static start(): Promise<Servers> {
    return OwnServers.started(
      (...parts) => new Servers(...parts),
      (servers) => servers.makeAll(),
    );
  }

  /** Whether the flow's source is not there yet. */
  lacks(name: FlowName): boolean {
    return this.missing.has(name);
  }

  /** Makes the source of a flow that comes late. */
  async make(name: FlowName): Promise<void> {
    const { from } = flow(name);
    if (isTopic(from)) {
      await this.makeTopic(from.topic, from.partitions);
    } else await this.streams.streams.add({ name: from.stream, subjects: [from.subject] });
    this.missing.delete(name);
  }

  private async makeAll(): Promise<void> {
    for (const { topic, partitions } of OUT_TOPICS) await this.makeTopic(topic, partitions);
    await this.streams.streams.add({ name: 'DONE', subjects: ['soak.done.>'] });
    await this.streams.streams.add({ name: 'FULL', subjects: ['soak.full'], discard: 'new' as never });
    for (const name of Object.keys(FLOWS) as FlowName[]) if (!this.lacks(name)) await this.make(name);
  }
}
