import { Proxy } from '../support/nats-proxy.js';
import { OwnServers } from '../support/own-servers.js';
import { patientKafka } from '../support/patient-clients.js';
import { keyed } from '../support/servers.js';
import type { Numbered } from '../support/verdict.js';
import { KEYS, PARTITIONS, type Place, type Route } from './setting.js';

const CHUNK = 1_000;

/** Servers of the run's own, with what it fills and looks at them by. */
export class Servers extends OwnServers {
  private way: Proxy | undefined;

  static start(): Promise<Servers> {
    return OwnServers.started(
      (...parts) => new Servers(...parts),
      async (servers) => {
        servers.way = await Proxy.to(servers.nats.port);
      },
    );
  }

  /** To NATS. */
  get proxy(): Proxy {
    return this.way as Proxy;
  }

  /** Makes what a route reads and writes, and fills its source. */
  async fill(
    { from, to }: Route,
    { source, target, letters }: Place,
    count: number,
    allowBatched: boolean,
  ): Promise<void> {
    const results = { name: target.replaceAll('.', '_'), subjects: [target], allow_batched: allowBatched };
    if (from === 'kafka') await this.makeTopic(source, PARTITIONS);
    else await this.streams.streams.add({ name: source, subjects: [source] });
    if (to === 'kafka') await this.makeTopic(target, PARTITIONS);
    else await this.streams.streams.add(results);
    await this.streams.streams.add({ name: letters.replaceAll('.', '_'), subjects: [letters] });
    if (from === 'kafka') await this.fillTopic(source, count);
    else await this.fillStream(source, count);
  }

  /** How many messages of the source are not settled yet. */
  async left({ from }: Route, { source, reader }: Place): Promise<number> {
    if (from === 'jetstream') {
      const { num_pending, num_ack_pending } = await this.streams.consumers.info(source, reader);
      return num_pending + num_ack_pending;
    }
    const ends = await this.admin.fetchTopicOffsets(source);
    const [offsets] = await this.admin.fetchOffsets({ groupId: reader, topics: [source] });
    const committed = new Map(offsets!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.reduce((sum, { partition, high }) => sum + Number(high) - Math.max(0, committed.get(partition)!), 0);
  }

  override async remove(): Promise<void> {
    this.way?.end();
    await super.remove();
  }

  private async fillTopic(topic: string, count: number): Promise<void> {
    const producer = patientKafka(this.kafka.brokers).producer();
    await producer.connect();
    for (const chunk of chunksOf(count)) {
      await producer.send({ topic, messages: chunk.map((one) => ({ key: one.key, value: JSON.stringify(one) })) });
    }
    await producer.disconnect();
  }

  private async fillStream(subject: string, count: number): Promise<void> {
    const jetstream = this.connection.jetstream();
    for (const chunk of chunksOf(count)) {
      await Promise.all(chunk.map((one) => jetstream.publish(subject, JSON.stringify(one), keyed(one.key))));
    }
  }
}

function* chunksOf(count: number): Iterable<readonly Numbered[]> {
  for (let from = 0; from < count; from += CHUNK) {
    yield Array.from({ length: Math.min(CHUNK, count - from) }, (_, index) => numbered(from + index));
  }
}

export function numbered(id: number): Numbered {
  return { id, key: `k${id % KEYS}` };
}
