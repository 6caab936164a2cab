import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';

import type { DestinationSpec, JsonMessage } from '../../../lib/driver/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { results } from '../../support/nats/results.js';
import { until } from '../../support/real-brokers.js';
import { ok, type Started, verdict } from './support.js';

/** As many as a queue of delivery hands over at once. */
export const BATCH = 2_048;
/** More than one writer makes. */
const MOST = 10_000_000;
const RETRY_MS = 10;

/** Results of one handler for one destination, written again from the first that is not confirmed, as delivery does. */
export class ResultWriter {
  readonly verdicts = new Set<string>();
  /** Batches of which the server had confirmed a part. */
  cutInTheMiddle = 0;
  confirmed = 0;
  /** Numbers from `from` on. */
  made = 0;
  goesOn = true;
  readonly from: number;
  private readonly to: DestinationSpec;
  private left: JsonMessage[] = [];

  constructor(
    private readonly by: Started,
    subject: string,
    /** Place among the writers of a test: each has numbers of its own. */
    place: number,
  ) {
    this.to = by.definition.destination(toStream(subject));
    this.from = place * MOST;
  }

  async writeAll(): Promise<void> {
    while (this.goesOn || this.left.length > 0) {
      await this.writeBatch();
      // A destination that refuses is left alone for a moment, as by delivery.
      if (this.left.length > 0) await sleep(RETRY_MS);
      if (this.by.states.at(-1) !== 'reconnecting') continue;
      await until(() => this.by.states.at(-1) === 'up', { what: 'the driver reconnected', timeoutMs: 30_000 });
    }
  }

  private async writeBatch(): Promise<void> {
    const batch = this.left.length > 0 ? this.left.splice(0) : this.fresh();
    const outcomes = await this.by.driver.publish(this.to, batch);
    const failed = batch.filter((_, index) => !ok(outcomes[index]));
    for (const outcome of outcomes) {
      const again = 'error' in outcome && !outcome.error.retryable ? ', for good' : '';
      this.verdicts.add(`${verdict(outcome)}${again}`);
    }
    if (failed.length > 0 && failed.length < batch.length) this.cutInTheMiddle++;
    this.confirmed += batch.length - failed.length;
    this.left = failed;
  }

  private fresh(): JsonMessage[] {
    this.made += BATCH;
    return results(BATCH, this.from + this.made - BATCH);
  }
}

/** The numbers that a stream holds, by subject and in its order. */
export async function storedNumbers(connection: NatsConnection, name: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  let left = (await (await connection.jetstreamManager()).streams.info(name)).state.messages;
  const consumer = await connection.jetstream().consumers.get(name);
  for await (const message of await consumer.consume({ max_messages: 10_000 })) {
    const numbers = found.get(message.subject) ?? [];
    found.set(message.subject, numbers);
    numbers.push(Number(message.json<{ n: string }>().n));
    if (--left === 0) break;
  }
  return found;
}
