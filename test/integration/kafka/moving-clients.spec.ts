import { expect, it } from '@jest/globals';

import { describePlatformatic, type KafkaLibrary } from '../../support/kafka-library.js';
import { closeAfterEach, type Connected, connected, type Reading } from '../../support/kafka/connected.js';
import { committedOffsets, createTopic, uniqueName, until } from '../../support/real-brokers.js';

const MEMBERS = 3;
const consumer = { heartbeatInterval: 200, sessionTimeout: 10_000, rebalanceTimeout: 10_000 };

interface Member extends Reading {
  readonly broker: Connected;
}

/** As an application stops: what runs is finished and committed first. */
async function stop({ broker, intake }: Member): Promise<void> {
  await intake.stopFetching();
  await intake.flush();
  await intake.close();
  await broker.driver.close();
}

/** A writer that goes on until it is stopped. */
class Load {
  private isOver = false;
  private readonly writing: Promise<void>;
  count = 0;

  constructor(
    private readonly broker: Connected,
    private readonly topic: string,
  ) {
    this.writing = this.write();
  }

  async stop(): Promise<number> {
    this.isOver = true;
    await this.writing;
    return this.count;
  }

  private async write(): Promise<void> {
    while (!this.isOver) {
      const texts = Array.from({ length: 20 }, () => `m${this.count++}`);
      const outcomes = await this.broker.publish(this.topic, ...texts);
      expect(outcomes.filter((outcome) => !outcome.startsWith(this.topic))).toEqual([]);
    }
  }
}

// A member of KIP-848 needs a Kafka that takes both in one group.
const protocols = ['classic', 'consumer'] as const;

describePlatformatic('a group under load that is moved member by member', () => {
  closeAfterEach();

  it.each(protocols)(
    'from kafkajs to @platformatic/kafka (%s) loses nothing, and handles nothing twice',
    async (groupProtocol) => {
      const topic = await createTopic(uniqueName('moved'), 6);
      const groupId = uniqueName('group');
      const join = async (library: KafkaLibrary): Promise<Member> => {
        const broker = await connected({ groupId, consumer }, { library, groupProtocol });
        const reading = await broker.read(topic);
        return { broker, ...reading };
      };
      const all: Member[] = [];
      for (let index = 0; index < MEMBERS; index++) all.push(await join('kafkajs'));
      const load = new Load(await connected(), topic);
      for (const old of all.slice(0, MEMBERS)) {
        const before = load.count;
        all.push(await join('@platformatic/kafka'));
        await until(() => all.at(-1)!.sink.taken.length > 0, { what: 'the new member reads', timeoutMs: 30_000 });
        await stop(old);
        await until(() => load.count > before + 200, { what: 'the load goes on' });
      }
      const count = await load.stop();
      const seen = (): string[] => all.flatMap(({ sink }) => sink.texts);
      await until(() => new Set(seen()).size >= count, { what: 'all is read', timeoutMs: 30_000 });
      const twice = seen().length - new Set(seen()).size;
      expect({ lost: count - new Set(seen()).size, twice }).toEqual({ lost: 0, twice: 0 });
      expect(all.slice(MEMBERS).every(({ sink }) => sink.taken.length > 0)).toBe(true);
      await until(
        async () => (await committedOffsets(groupId, topic)).reduce((sum, offset) => sum + offset, 0) === count,
        { what: 'all is committed' },
      );
    },
    120_000,
  );
});
