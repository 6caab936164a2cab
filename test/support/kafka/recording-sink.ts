import type { Incoming, Lane, Settlement, Sink } from '../../../lib/driver/index.js';
import { until } from '../../../tools/brokers/index.mjs';

export interface Taken {
  readonly lane: Lane;
  readonly message: Incoming;
  readonly text: string;
}

/** What a driver handed over. It settles at once, unless told to keep. */
export class RecordingSink implements Sink {
  readonly lanes: Lane[] = [];
  readonly taken: Taken[] = [];
  /** Says whether a message stays unsettled. */
  keep: (taken: Taken) => boolean = () => false;
  /** Says how long a lane is full after a batch. */
  full: (lane: Lane) => Promise<void> | undefined = () => undefined;

  /** When the handlers of a lane are over. */
  drain: (lane: Lane) => Promise<void> = () => Promise.resolve();

  get texts(): string[] {
    return this.taken.map(({ text }) => text);
  }

  opened(lane: Lane): void {
    this.lanes.push(lane);
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    for (const message of batch) {
      const taken = { lane, message, text: Buffer.from(message.body ?? []).toString() };
      this.taken.push(taken);
      if (!this.keep(taken)) lane.settle(message, 'ack');
    }
    return this.full(lane);
  }

  settle(texts: readonly string[], how: Settlement = 'ack'): void {
    for (const { lane, message, text } of this.taken) if (texts.includes(text)) lane.settle(message, how);
  }

  /** Resolves when so many messages were taken. */
  async has(count: number, timeoutMs = 20_000): Promise<void> {
    await until(() => this.taken.length >= count, {
      what: `${count} messages are taken (now ${this.taken.length})`,
      timeoutMs,
    });
  }
}
