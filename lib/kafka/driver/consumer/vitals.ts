import type { Clock } from '../../../driver/index.js';
import type { KafkaSettings } from '../../options.js';

/** So many times the longest usual silence, and a consumer that still tries is made anew all the same. */
const PATIENCE = 3;

/**
 * Watches for signs of life: a kafkajs consumer may stop without an event (#1443, #659). It tries to fetch at least
 * each `maxWaitTimeInMs`, unless it waits for the others of its group to join, which takes `rebalanceTimeout` at
 * most.
 */
export class Vitals {
  private lastTry: number;
  private lastAnswer: number;
  private readonly quietMs: number;
  private readonly deadMs: number;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    consumer: KafkaSettings['consumer'],
    private readonly dead: (cause: Error) => void,
  ) {
    this.lastTry = this.lastAnswer = clock.now();
    this.quietMs = consumer?.sessionTimeout ?? 30_000;
    this.deadMs = this.quietMs + (consumer?.rebalanceTimeout ?? 60_000);
    this.watch();
  }

  /** It asks the server. */
  tried(): void {
    this.lastTry = this.clock.now();
  }

  /** The server has answered. */
  seen(): void {
    this.lastTry = this.lastAnswer = this.clock.now();
  }

  /** How long the server has not answered, in milliseconds, where that is longer than it should be. */
  get silentMs(): number | undefined {
    const silent = this.sinceAnswerMs;
    return silent > this.quietMs ? silent : undefined;
  }

  /** How long ago the server has answered, in milliseconds. */
  get sinceAnswerMs(): number {
    return this.clock.now() - this.lastAnswer;
  }

  close(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private watch(): void {
    this.cancel = this.clock.after(this.quietMs / 2, () => {
      const now = this.clock.now();
      const isDead = now - this.lastTry > this.deadMs || now - this.lastAnswer > PATIENCE * this.deadMs;
      if (isDead)
        this.dead(new Error(`The consumer gave no sign of life for ${Math.round((now - this.lastAnswer) / 1_000)} s`));
      else this.watch();
    });
  }
}
