import type { Clock } from '../../../driver/index.js';
import type { KafkaSettings } from '../../options.js';

/**
 * Watches for signs of life: a kafkajs consumer may stop without an event (#1443, #659). It fetches or beats at least
 * each `maxWaitTimeInMs`, unless it waits for the others of its group to join, which takes `rebalanceTimeout` at most.
 */
export class Vitals {
  private last: number;
  private readonly quietMs: number;
  private readonly deadMs: number;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    consumer: KafkaSettings['consumer'],
    private readonly dead: (cause: Error) => void,
  ) {
    this.last = clock.now();
    this.quietMs = consumer?.sessionTimeout ?? 30_000;
    this.deadMs = this.quietMs + (consumer?.rebalanceTimeout ?? 60_000);
    this.watch();
  }

  seen(): void {
    this.last = this.clock.now();
  }

  /** How long nothing was seen, in milliseconds, where that is longer than it should be. */
  get silentMs(): number | undefined {
    const silent = this.clock.now() - this.last;
    return silent > this.quietMs ? silent : undefined;
  }

  close(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private watch(): void {
    this.cancel = this.clock.after(this.quietMs / 2, () => {
      const silent = this.clock.now() - this.last;
      if (silent > this.deadMs)
        this.dead(new Error(`The consumer gave no sign of life for ${Math.round(silent / 1_000)} s`));
      else this.watch();
    });
  }
}
