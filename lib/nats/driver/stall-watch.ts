import type { Clock } from '../../driver/index.js';
import type { StreamSourceSpec } from '../source-spec.js';
import { maxAckPendingOf, pausedUntil } from './compare.js';
import type { JetStreamApi } from './jetstream-api.js';
import type { StreamLane } from './stream-lane.js';

/** The server is asked no more often than this; of a consumer that seems idle, than the other. */
const askEveryMs = 5_000;
const askIdleEveryMs = 30_000;

/**
 * Messages that were given back count in `max_ack_pending` until they come again: enough of them, over all replicas,
 * and the server sends nothing more, without a word.
 */
export class StallWatch {
  private lastAsked = 0;
  /** What had come when the server said that it sends nothing more, and the limit it had then: it may be raised. */
  private stalled: { readonly at: number; readonly limit: number } | undefined;

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly lane: StreamLane,
    private readonly api: JetStreamApi,
    private readonly clock: Clock,
    /** Changes with what comes. */
    private readonly lastSeq: () => number,
    /** By its configuration, in milliseconds since the epoch. */
    private paused?: number,
  ) {}

  /** By the server's word alone: what was given back here may be done by a replica. */
  ailment(): string | undefined {
    return pausedText(this.spec.name, this.paused, this.clock) ?? this.stall();
  }

  private stall(): string | undefined {
    if (this.stalled?.at !== this.lastSeq()) return undefined;
    return `${this.spec.name} gets nothing more: ${this.stalled.limit} messages are unsettled (max_ack_pending)`;
  }

  /** Called while nothing comes. A consumer without unsettled messages here may be idle, or paused on the server. */
  async look(): Promise<void> {
    const now = this.clock.now();
    const isIdle = this.lane.pending === 0 && this.stalled === undefined && this.paused === undefined;
    if (now - this.lastAsked < (isIdle ? askIdleEveryMs : askEveryMs)) return;
    this.lastAsked = now;
    try {
      const jsm = await this.api.manager();
      const info = await jsm.consumers.info(this.spec.stream, this.spec.consumer);
      this.paused = pausedUntil(info.config);
      const limit = maxAckPendingOf(info.config);
      const isStalled = info.num_pending > 0 && info.num_ack_pending >= limit;
      this.stalled = isStalled ? { at: this.lastSeq(), limit } : undefined;
      if (info.num_ack_pending === 0) this.lane.nothingPends();
    } catch {
      // The puller notices what is wrong with the consumer itself.
    }
  }
}

/** Undefined where the pause is over, or there is none. */
export function pausedText(name: string, until: number | undefined, clock: Pick<Clock, 'now'>): string | undefined {
  if (until === undefined || until <= clock.now()) return undefined;
  return `${name} is paused on the server until ${new Date(until).toISOString()} (pause_until): resume the consumer there to read on`;
}
