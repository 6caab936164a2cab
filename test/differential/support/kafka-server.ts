import type { Admin } from 'kafkajs';

import type { Driver, Outcome, Outgoing } from '../../../lib/driver/index.js';
import { systemClock } from '../../../lib/async/index.js';
import type { KafkaBrokerOptions } from '../../../lib/kafka/index.js';
import { eventually } from '../../support/eventually.js';
import { kafkaBrokerOf } from '../../support/kafka-library.js';
import { kafkaClient, realBrokers, until } from '../../support/real-brokers.js';
import { withMortalSockets } from './mortal-sockets.js';
import { type Mortal, sharing } from './world.js';

const nothing = (): void => {};
const isThere = (): boolean => true;
const isAbsent = (): boolean => false;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The shortest session that the server's own `group.min.session.timeout.ms` allows. */
const SESSION_MS = 6_000;

/** The real cluster, as all scenarios of a run use it: one administrator and one publisher. */
export class KafkaServer {
  readonly #options: KafkaBrokerOptions = {
    name: 'kafka',
    client: { brokers: realBrokers().kafka },
    commitIntervalMs: 25,
    consumer: { sessionTimeout: SESSION_MS, rebalanceTimeout: SESSION_MS, heartbeatInterval: 200, maxWaitTimeInMs: 50 },
  };
  readonly definition = kafkaBrokerOf(this.#options);
  /** Deleted at the end: an administrator of kafkajs goes on asking for what it has made. */
  readonly #topics: string[] = [];

  private constructor(
    private readonly admin: Admin,
    private readonly publisher: Driver,
  ) {}

  static async connect(): Promise<KafkaServer> {
    const admin = kafkaClient().admin();
    await admin.connect();
    const publisher = await kafkaBrokerOf({ name: 'publisher', client: { brokers: realBrokers().kafka } }).driver();
    const io = { broker: 'publisher', clock: systemClock, log: silent, state: nothing, shared: sharing() };
    await publisher.connect(io, new AbortController().signal);
    return new KafkaServer(admin, publisher);
  }

  async createTopic(name: string, numPartitions: number): Promise<string> {
    const topic = { topic: name, numPartitions, replicationFactor: 1 };
    // `waitForLeaders` fails on a busy server that does not know the topic yet, and so does the next call, which asks for
    // all that the administrator has made. A topic that is there already is no error.
    await eventually(async () => {
      await this.admin.createTopics({ topics: [topic], waitForLeaders: false });
    });
    this.#topics.push(name);
    const isLed = (): Promise<boolean> => this.admin.fetchTopicOffsets(name).then(isThere, isAbsent);
    await until(isLed, { what: `${name} is there`, timeoutMs: 2 * SESSION_MS, everyMs: 20 });
    return name;
  }

  async publish(topic: string, message: Outgoing): Promise<Outcome> {
    const [outcome] = await this.publisher.publish(this.definition.destination(topic), [message]);
    return outcome!;
  }

  /** By partition, once all is committed or too long has passed: commits follow in their own time. */
  async behind(groupId: string, topic: string): Promise<number[]> {
    let behind: number[] = [];
    const done = async (): Promise<boolean> => {
      behind = await this.#behind(groupId, topic);
      return behind.every((count) => count === 0);
    };
    await until(done, { what: 'all is committed', timeoutMs: 2 * SESSION_MS, everyMs: 20 }).catch(() => undefined);
    return behind;
  }

  /** A driver whose sockets can be cut, and that makes no others then. */
  async mortal(): Promise<Mortal> {
    return withMortalSockets(await this.definition.driver());
  }

  async end(): Promise<void> {
    await this.publisher.close();
    await this.admin.deleteTopics({ topics: this.#topics });
    await this.admin.disconnect();
  }

  async #behind(groupId: string, topic: string): Promise<number[]> {
    const ends = await this.admin.fetchTopicOffsets(topic);
    const [committed] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const behind: number[] = [];
    for (const { partition, high } of ends) {
      const offset = committed?.partitions.find((one) => one.partition === partition)?.offset ?? '0';
      behind[partition] = Number(high) - Math.max(0, Number(offset));
    }
    return behind;
  }
}
