import { setTimeout as pause } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { JetStreamManager, NatsConnection } from 'nats';
import { KafkaUnderTest } from '../support/kafka-under-test.js';
import { NatsUnderTest } from '../support/nats-under-test.js';
import { patientKafka, patientNats } from './clients.js';
import { FLOWS, flow, type FlowName, flowNames, isTopic } from './flows.js';

const LEADERS_MS = 60_000;
const OUT_TOPICS = [
  { topic: 'soak-out', partitions: 6 },
  { topic: 'soak-far-out', partitions: 1 },
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
      await this.makeTopic(from.topic, from.partitions);
    } else await this.streams.streams.add({ name: from.stream, subjects: [from.subject] });
    this.missing.delete(name);
  }

  async remove(): Promise<void> {
    void this.connection.close();
    void this.admin.disconnect().catch(() => undefined);
    await Promise.all([this.kafka.remove(), this.nats.remove()]);
  }

  private async makeAll(): Promise<void> {
    for (const { topic, partitions } of OUT_TOPICS) await this.makeTopic(topic, partitions);
    await this.streams.streams.add({ name: 'DONE', subjects: ['soak.done.>'] });
    await this.streams.streams.add({ name: 'FULL', subjects: ['soak.full'], discard: 'new' as never });
    for (const name of Object.keys(FLOWS) as FlowName[]) if (!this.lacks(name)) await this.make(name);
  }
  /** A server that has just started may deny a topic for a moment that it has made, and `waitForLeaders` rejects. */
  private async makeTopic(topic: string, numPartitions: number): Promise<void> {
    await this.admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false });
    for (const until = Date.now() + LEADERS_MS; ; await pause(200)) {
      try {
        await this.admin.fetchTopicOffsets(topic);
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
  }
}
