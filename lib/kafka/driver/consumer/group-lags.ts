import { nextTurn, untilAborted } from '../../../async/index.js';
import { asError } from '../../../errors/index.js';
import type { TopicPattern } from '../../topic-pattern.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import type { Admin, PartitionBounds } from '../client/admin-port.js';
import type { Client, MakeClient } from '../client/client-port.js';
import { keyOf } from './assigned-partitions.js';
import { committedOf } from './initial-offsets.js';

/** One question for a lag. */
interface Question {
  readonly spec: KafkaSourceSpec;
  readonly answer: (lag: number) => void;
  readonly fail: (cause: Error) => void;
}

/**
 * Answers how far groups are behind. The questions of one turn of the event loop, as of a scrape over all handlers,
 * share one connection, which is closed afterwards: an idle one of kafkajs costs 3 % of a core.
 */
export class GroupLags {
  private round: Round | undefined;

  constructor(private readonly makeClient: MakeClient) {}

  /** Over all partitions of the source's topics. Rejects where the cluster does not answer before the signal aborts. */
  async of(spec: KafkaSourceSpec, signal: AbortSignal): Promise<number> {
    const round = (this.round ??= this.begin());
    try {
      return await untilAborted(round.ask(spec), signal);
    } catch (thrown) {
      if (signal.aborted) round.giveUp();
      throw thrown;
    }
  }

  private begin(): Round {
    const round = new Round(this.makeClient);
    void nextTurn().then(() => {
      this.round = undefined;
      return round.run();
    });
    return round;
  }
}

/** The questions of one connection. */
class Round {
  private readonly questions: Question[] = [];
  private client: Client | undefined;
  private givenUp = 0;

  constructor(private readonly makeClient: MakeClient) {}

  ask(spec: KafkaSourceSpec): Promise<number> {
    return new Promise((answer, fail) => this.questions.push({ spec, answer, fail }));
  }

  /** With the last of them the connection is cut: it would go on with a server that does not answer. */
  giveUp(): void {
    if (++this.givenUp === this.questions.length) this.client?.kill();
  }

  /** Never rejects. */
  async run(): Promise<void> {
    if (this.givenUp === this.questions.length) return;
    const client = (this.client = this.makeClient({ retries: 1 }));
    const admin = client.admin();
    try {
      await admin.connect();
      await answerAll(this.questions, new Offsets(admin));
    } catch (thrown) {
      for (const { fail } of this.questions) fail(asError(thrown));
    } finally {
      await admin.close();
      client.kill();
    }
  }
}

/** A topic that was deleted fails its own question only. */
async function answerAll(questions: readonly Question[], offsets: Offsets): Promise<void> {
  for (const { spec, answer, fail } of questions) {
    try {
      answer(await offsets.lagOf(spec));
    } catch (thrown) {
      fail(asError(thrown));
    }
  }
}

/** The offsets of one moment, each asked for once. */
class Offsets {
  private readonly ends = new Map<string, Promise<readonly PartitionBounds[]>>();
  private names: Promise<string[]> | undefined;

  constructor(private readonly admin: Admin) {}

  /** Committed offsets come first: an end that is asked for later is never below them. */
  async lagOf({ groupId, topic }: KafkaSourceSpec): Promise<number> {
    const topics = typeof topic === 'string' ? [topic] : await this.matching(topic);
    const committed = await committedOf(this.admin, groupId, topics);
    let lag = 0;
    for (const name of topics) {
      for (const { partition, oldest, end } of await this.endsOf(name)) {
        // What retention deleted is handled by nobody, and a partition without an offset is read from its beginning.
        const next = Math.max(committed.get(keyOf(name, partition)) ?? 0, oldest);
        lag += Math.max(0, end - next);
      }
    }
    return lag;
  }

  private endsOf(topic: string): Promise<readonly PartitionBounds[]> {
    const ends = this.ends.get(topic) ?? this.admin.bounds(topic);
    this.ends.set(topic, ends);
    return ends;
  }

  private async matching(pattern: TopicPattern): Promise<string[]> {
    this.names ??= this.admin.listTopics();
    return (await this.names).filter((name) => pattern.matches(name));
  }
}
