import type { Client, KafkaClient } from '../../../lib/kafka/driver/client/client-port.js';
import type {
  Assignment,
  ConsumerListeners,
  FetchedBatch,
  GroupConsumer,
  GroupJoin,
} from '../../../lib/kafka/driver/client/consumer-port.js';
import { ClientOfPlatformatic } from '../../../lib/kafka/driver/platformatic/client.js';
import { loadPlatformatic } from '../../../lib/kafka/driver/platformatic/load.js';
import type {
  PlatformaticClientOptions,
  PlatformaticConsumerOptions,
  PlatformaticProducerOptions,
} from '../../../lib/kafka/platformatic/options.js';
import { realBrokers } from '../brokers/shared.js';
import { recordingIo } from './connected.js';

export async function platformaticClient(
  consumer: PlatformaticConsumerOptions = {},
  producer: PlatformaticProducerOptions = {},
  options: Partial<PlatformaticClientOptions> = {},
): Promise<KafkaClient> {
  const client = { bootstrapBrokers: [...realBrokers().kafka], requestTimeout: 10_000, ...options };
  return new ClientOfPlatformatic(await loadPlatformatic('orders'), { client, consumer, producer });
}

/** A member of a group at the port, with what its listeners and its `take` got. */
export class Member {
  readonly joins: GroupJoin[] = [];
  readonly events: string[] = [];
  readonly taken: { partition: number; offset: number; text: string }[] = [];
  readonly client: Client;
  readonly consumer: GroupConsumer;
  onBatch: (batch: FetchedBatch) => Promise<void> | void = () => undefined;
  onRevoking: (assignment: Assignment) => Promise<void> = () => Promise.resolve();
  onJoin: (join: GroupJoin) => void = () => undefined;

  constructor(kafka: KafkaClient, groupId: string, persistent = true) {
    this.client = kafka.maker(recordingIo().io)();
    const options = { groupId, maxWaitMs: 100, persistent, concurrently: 16, count: () => Promise.resolve(new Map()) };
    this.consumer = this.client.consumer(options, this.listeners());
  }

  async start(...topics: string[]): Promise<this> {
    await this.consumer.connect();
    await this.consumer.subscribe(topics);
    await this.consumer.run(async (batch) => {
      await this.onBatch(batch);
      for (const record of batch.records) {
        if (batch.isStale() || !batch.isRunning()) return;
        this.taken.push({
          partition: batch.partition,
          offset: Number(record.offset),
          text: String(record.value),
        });
        batch.resolve(record);
      }
    });
    return this;
  }

  get partitions(): readonly number[] {
    return Object.values(this.joins.at(-1)?.assignment ?? {}).flat();
  }

  private listeners(): ConsumerListeners {
    const note = (event: string): void => void this.events.push(event);
    return {
      alive: () => undefined,
      fetchBegun: () => undefined,
      fetched: () => undefined,
      passed: (_topic, partition, last) => note(`passed ${partition}@${last}`),
      foreignTopics: (topics) => note(`foreign ${topics.join()}`),
      joined: (join) => {
        this.joins.push(join);
        this.onJoin(join);
      },
      rebalancing: () => note('rebalancing'),
      revoking: (assignment) => this.onRevoking(assignment),
      offsetLost: (_topic, partition) => note(`lost ${partition}`),
      complained: (text) => note(`complained ${text}`),
      crashed: (cause) => note(`crashed ${cause.name}: ${cause.message}`),
    };
  }
}
