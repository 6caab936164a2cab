import type { Admin } from 'kafkajs';
import type { JetStreamManager, NatsConnection } from 'nats';
import { KafkaUnderTest } from '../support/kafka-under-test.js';
import { NatsUnderTest } from '../support/nats-under-test.js';
import { patientKafka, patientNats } from './clients.js';
import { FLOWS, flow, type FlowName, flowNames, isTopic } from './flows.js';

const OUT_TOPICS = [
  { topic: 'soak-out', numPartitions: 6 },
  { topic: 'soak-far-out', numPartitions: 1 },
];

/** The soak's own Kafka and NATS, with what it looks at them by. */
export class Servers {
  private readonly missing = new Set(flowNames.filter((name) => flow(name).late === true));

  private constructor(
    readonly kafka: KafkaUnderTest,
    readonly nats: NatsUnderTest,
    readonly admin: Admin,
    readonly connection: NatsConnection,
    readonly streams: JetStreamManager,
  ) {}

  /** Starts both and makes what the flows need, but for what is late; leaves nothing running when it fails. */
  static async start(): Promise<Servers> {
    const [kafka, nats] = await Promise.all([KafkaUnderTest.prepare(), NatsUnderTest.prepare()]);
    try {
      await Promise.all([kafka.start(), nats.start()]);
      const admin = patientKafka(kafka.brokers).admin();
      const connection = await patientNats(nats.url);
      await admin.connect();
      const servers = new Servers(kafka, nats, admin, connection, await connection.jetstreamManager());
      await servers.makeAll();
      return servers;
    } catch (error) {
      await Promise.all([kafka.remove(), nats.remove()]);
      throw error;
    }
  }

  /** Whether the flow's source is not there yet. */
  lacks(name: FlowName): boolean {
    return this.missing.has(name);
  }

  /** Makes the source of a flow that comes late. */
  async make(name: FlowName): Promise<void> {
    const { from } = flow(name);
    if (isTopic(from)) {
      const topics = [{ topic: from.topic, numPartitions: from.partitions }];
      await this.admin.createTopics({ topics, waitForLeaders: true });
    } else await this.streams.streams.add({ name: from.stream, subjects: [from.subject] });
    this.missing.delete(name);
  }

  async remove(): Promise<void> {
    void this.connection.close();
    void this.admin.disconnect().catch(() => undefined);
    await Promise.all([this.kafka.remove(), this.nats.remove()]);
  }

  private async makeAll(): Promise<void> {
    await this.admin.createTopics({ topics: OUT_TOPICS, waitForLeaders: true });
    await this.streams.streams.add({ name: 'DONE', subjects: ['soak.done.>'] });
    await this.streams.streams.add({ name: 'FULL', subjects: ['soak.full'], discard: 'new' as never });
    for (const name of Object.keys(FLOWS) as FlowName[]) if (!this.lacks(name)) await this.make(name);
  }
}
