import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import {
  type BatchContext,
  Ctx,
  type Destination,
  type MultiBroker,
  outgoing,
  Payload,
  type Source,
  Subscribe,
} from '../../lib/index.js';
import type { MultiBrokerHarness } from '../../lib/testing/index.js';
import { eventually } from './eventually.js';

/** A source. */
export interface KeyedPlace {
  readonly broker: 'orders' | 'events';
  readonly source: string | Source;
  readonly to: string | Destination;
}

/** Twins or real servers. */
export interface KeyedWorld {
  /** Makes places that nobody else uses, by what they are. */
  readonly places: Readonly<Record<string, () => Promise<KeyedPlace>>>;
  /** Starts an application with the brokers `orders` (Kafka) and `events` (NATS). */
  start(handlers: Type): Promise<{ readonly brokers: MultiBroker; readonly harness?: MultiBrokerHarness }>;
}

const KEYS = 200;
const COUNT = 400;
const POISON = 47;
const keyOf = (n: number): string => `k${String(n % KEYS)}`;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** What a handler of batches got, and whether the order of each key was kept. */
class BatchJournal {
  readonly done: number[] = [];
  readonly problems: string[] = [];
  most = 0;
  private readonly running = new Set<readonly number[]>();

  async handle(numbers: readonly number[]): Promise<void> {
    this.check(numbers);
    this.running.add(numbers);
    this.most = Math.max(this.most, this.running.size);
    // The first ones wait for each other.
    await eventually(() => this.most === 3);
    await delay(3);
    this.running.delete(numbers);
    if (numbers.includes(POISON)) throw new Error('poison');
    this.done.push(...numbers);
  }

  private check(numbers: readonly number[]): void {
    const taken = new Set([...this.running].flat().map(keyOf));
    for (const [place, n] of numbers.entries()) {
      if (taken.has(keyOf(n))) this.problems.push(`${String(n)} ran beside one of its key`);
      const before = n - KEYS;
      const isLater = before >= 0 && !this.done.includes(before) && !numbers.slice(0, place).includes(before);
      if (isLater && before !== POISON) this.problems.push(`${String(n)} came before ${String(before)}`);
    }
  }
}

/** The same promises on twins and on real servers. */
export function keyedBatchScenarios({ places, start }: KeyedWorld): void {
  it.each(Object.entries(places))(
    'of %s: batches are handled side by side, a key in one of them at most and in order, and all are settled',
    async (_what, place) => {
      const { broker, source, to } = await place();
      const journal = new BatchJournal();
      const sizes: number[] = [];

      @Injectable()
      class Handlers {
        @Subscribe(broker, source as string, {
          batch: { maxSize: 20, maxWaitMs: 20 },
          concurrency: { perLane: 3, total: 3 },
          ack: 'reject-on-error',
          retry: { attempts: 2, delayMs: 1 },
        })
        async on(@Payload() numbers: number[], @Ctx() { messages }: BatchContext<number>) {
          sizes.push(numbers.length);
          expect(messages.map(({ key }) => key)).toEqual(numbers.map(keyOf));
          await journal.handle(numbers);
        }
      }
      const { brokers, harness } = await start(Handlers);
      await brokers.get(broker).publishBatch(
        to,
        upTo(COUNT).map((n) => outgoing(n, { key: keyOf(n) })),
      );
      const counts = () => brokers.get(broker).health().counts;
      await eventually(async () => {
        // On twins the wait of the last ones is virtual.
        await harness?.clock.advance(20);
        return journal.done.length === COUNT - 1 && counts().unsettled === 0;
      }, 30_000);
      expect(journal.problems).toEqual([]);
      expect([...journal.done].sort((one, other) => one - other)).toEqual(upTo(COUNT).filter((n) => n !== POISON));
      expect([journal.most, Math.max(...sizes), counts().rejected]).toEqual([3, 20, 1]);
    },
  );
}
