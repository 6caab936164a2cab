import type { Io } from '../../../driver/index.js';
import { MultiBrokerError } from '../../../errors/index.js';
import { Serial } from '../serial.js';
import { keyOf } from './lanes.js';
import type { PartitionLane } from './partition-lane.js';
import { beginningsOf, type WithAdmin } from './start-positions.js';

/** So many are told in health. */
const MOST = 10;

/** What of a group's topics was gone from the server before it was read. */
export class Losses {
  private readonly told: string[] = [];
  /** Many partitions may have lost theirs at once, and each question takes a connection. */
  private readonly questions = new Serial();

  constructor(
    private readonly groupId: string,
    private readonly io: Io,
  ) {}

  /** The last of them, a sentence each. */
  get sentences(): readonly string[] {
    return this.told;
  }

  /** The server does not have the offset that the lane asked for. Resolves when it is told why. Never rejects. */
  async find({ name, next, origin }: Pick<PartitionLane, 'name' | 'next' | 'origin'>, ask: WithAdmin): Promise<void> {
    const oldest = await this.questions.run(() => oldestOf(origin, ask));
    const where = `${name} of group '${this.groupId}'`;
    const from = next === undefined ? 'its committed offset' : `offset ${next}`;
    const onward = 'it goes on with the oldest there are';
    // Retention only ever takes the oldest: what it took lies before them.
    if (oldest !== undefined && oldest <= (next ?? 0)) {
      const what = `${where}: the topic ends before ${from}, so it was deleted and made anew, or the server has lost its end; ${onward}`;
      this.tell('MULTI_BROKER_TOPIC_RECREATED', what);
    } else {
      const doubt = oldest === undefined ? ' (or the topic was deleted and made anew)' : '';
      const what = `${where}: the messages from ${from} are gone from the server${doubt}; ${onward}`;
      this.tell('MULTI_BROKER_LOST_BY_RETENTION', what);
    }
  }

  private tell(code: 'MULTI_BROKER_TOPIC_RECREATED' | 'MULTI_BROKER_LOST_BY_RETENTION', what: string): void {
    const { broker, log } = this.io;
    const { message } = new MultiBrokerError(code, what, { broker });
    log.error(message);
    this.told.push(message);
    if (this.told.length > MOST) this.told.shift();
  }
}

/** Undefined where the cluster does not tell. */
async function oldestOf({ topic, partition }: PartitionLane['origin'], ask: WithAdmin): Promise<number | undefined> {
  try {
    const beginnings = await ask((admin) => beginningsOf(admin, [topic]));
    return beginnings.get(keyOf(topic, partition));
  } catch {
    return undefined;
  }
}
