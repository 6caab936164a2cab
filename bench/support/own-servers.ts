import type { Admin } from 'kafkajs';
import type { JetStreamManager, NatsConnection } from 'nats';
import { patientKafka, patientNats } from './patient-clients.js';
import { OwnKafka, OwnNats, until } from './tools.js';

const LEADERS_MS = 60_000;

/** A Kafka and a NATS of a run's own, with what it looks at them by. */
export class OwnServers {
  protected constructor(
    readonly kafka: OwnKafka,
    readonly nats: OwnNats,
    readonly admin: Admin,
    readonly connection: NatsConnection,
    readonly streams: JetStreamManager,
  ) {}

  /** Starts both; leaves nothing running when that, or `prepare`, fails. */
  protected static async started<S extends OwnServers>(
    make: (...parts: [OwnKafka, OwnNats, Admin, NatsConnection, JetStreamManager]) => S,
    prepare: (servers: S) => Promise<void>,
  ): Promise<S> {
    const [kafka, nats] = await Promise.all([OwnKafka.prepare({ heap: '512m' }), OwnNats.prepare({ jetstream: true })]);
    try {
      await Promise.all([kafka.start(), nats.start()]);
      const admin = patientKafka(kafka.brokers).admin();
      const connection = await patientNats(nats.url);
      await admin.connect();
      const servers = make(kafka, nats, admin, connection, await connection.jetstreamManager());
      await prepare(servers);
      return servers;
    } catch (error) {
      await Promise.all([kafka.stop(), nats.stop()]);
      throw error;
    }
  }

  async remove(): Promise<void> {
    void this.connection.close();
    void this.admin.disconnect().catch(() => undefined);
    await Promise.all([this.kafka.stop(), this.nats.stop()]);
  }

  /** A server that has just started may deny a topic for a moment that it has made, and `waitForLeaders` rejects. */
  async makeTopic(topic: string, numPartitions: number): Promise<void> {
    await this.admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false });
    const led = async (): Promise<boolean> => (await this.admin.fetchTopicOffsets(topic)).length === numPartitions;
    await until(led, { what: `${topic} has leaders`, timeoutMs: LEADERS_MS, everyMs: 200 });
  }
}
