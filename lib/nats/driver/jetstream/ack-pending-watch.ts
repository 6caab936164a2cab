import type { Clock } from '../../../async/index.js';
import type { StreamSourceSpec } from '../../source-spec.js';
import { maxAckPendingOf, pausedUntil } from './consumer-config.js';
import type { JetStreamApi } from './jetstream-api.js';
import type { StreamLane } from './stream-lane.js';

/** The consumer's info is requested at most this often; the second applies to one that seems idle. */
const ASK_EVERY_MS = 5_000;
const ASK_IDLE_EVERY_MS = 30_000;

/**
 * Detects that `max_ack_pending` is used up. Messages that were nacked with a delay count in it until they are
 * redelivered: with enough of them, over all replicas, the server silently sends nothing more.
 */
export class AckPendingWatch {
  private lastAsked = 0;
  /** The last sequence when the server reported the limit as reached, and that limit, which may be raised. */
  private stalled: { readonly at: number; readonly limit: number } | undefined;

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly lane: StreamLane,
    private readonly api: JetStreamApi,
    private readonly clock: Clock,
    /** Sequence of the last message received. */
    private readonly lastSeq: () => number,
    /** `pause_until` of its configuration, in milliseconds since the epoch. */
    private paused?: number,
  ) {}

  /** Based on the server's info alone: messages nacked here may be handled by another replica. */
  healthIssue(): string | undefined {
    return pausedText(this.spec.name, this.paused, this.clock) ?? this.stall();
  }

  private stall(): string | undefined {
    if (this.stalled?.at !== this.lastSeq()) return undefined;
    return `${this.spec.name} gets nothing more: ${this.stalled.limit} messages are unsettled (max_ack_pending)`;
  }

  /** Called while no message arrives. A consumer without unsettled messages here may be idle, or paused. */
  async look(): Promise<void> {
    const now = this.clock.now();
    const isIdle = this.lane.pending === 0 && this.stalled === undefined && this.paused === undefined;
    if (now - this.lastAsked < (isIdle ? ASK_IDLE_EVERY_MS : ASK_EVERY_MS)) return;
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
      // The puller detects problems of the consumer itself.
    }
  }
}

/** Undefined if the consumer is not paused, or not any more. */
export function pausedText(name: string, until: number | undefined, clock: Pick<Clock, 'now'>): string | undefined {
  if (until === undefined || until <= clock.now()) return undefined;
  return `${name} is paused on the server until ${new Date(until).toISOString()} (pause_until): resume the consumer there to read on`;
}
