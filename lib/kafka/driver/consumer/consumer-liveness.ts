import type { Clock } from '../../../async/index.js';
import type { ClientSettings } from '../client/client-port.js';

/** A consumer that still sends requests is replaced after this multiple of the longest usual silence. */
const PATIENCE = 3;

/**
 * Watches for signs of life: a consumer may stop without an event (kafkajs #1443, #659). It fetches at least every
 * `maxWaitMs`, unless it waits for other members of its group to join, for `rebalanceTimeoutMs` at most.
 */
export class ConsumerLiveness {
  private lastTry: number;
  private lastAnswer: number;
  private readonly quietMs: number;
  private readonly deadMs: number;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    { sessionTimeoutMs, rebalanceTimeoutMs }: Pick<ClientSettings, 'sessionTimeoutMs' | 'rebalanceTimeoutMs'>,
    private readonly dead: (cause: Error) => void,
  ) {
    this.lastTry = this.lastAnswer = clock.now();
    this.quietMs = sessionTimeoutMs;
    this.deadMs = sessionTimeoutMs + rebalanceTimeoutMs;
    this.watch();
  }

  /** It has sent a request. */
  tried(): void {
    this.lastTry = this.clock.now();
  }

  /** The server has answered. */
  seen(): void {
    this.lastTry = this.lastAnswer = this.clock.now();
  }

  /** For how long the server has not answered, in milliseconds, once that is unusual. */
  get silentMs(): number | undefined {
    const silent = this.sinceAnswerMs;
    return silent > this.quietMs ? silent : undefined;
  }

  /** Milliseconds since the server's last answer. */
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
