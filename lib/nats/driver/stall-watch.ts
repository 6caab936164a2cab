import type { Clock } from '../../driver/index.js';
import type { StreamSourceSpec } from '../source-spec.js';
import type { ConsumerFacts } from './ensure.js';
import type { JetStreamApi } from './jetstream-api.js';
import type { StreamLane } from './stream-lane.js';

/** The server is asked no more often than this. */
const askEveryMs = 5_000;

/**
 * Messages that were given back count in `max_ack_pending` until they come again: enough of them, over all replicas,
 * and the server sends nothing more, without a word.
 */
export class StallWatch {
  private lastAsked = 0;
  private stalled = false;

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly lane: StreamLane,
    private readonly facts: ConsumerFacts,
    private readonly api: JetStreamApi,
    private readonly clock: Clock,
  ) {}

  ailment(): string | undefined {
    if (!this.stalled && this.lane.pending < this.facts.maxAckPending) return undefined;
    return `${this.spec.name} gets nothing more: ${this.facts.maxAckPending} messages are unsettled (max_ack_pending)`;
  }

  /** Called while nothing comes. A consumer without unsettled messages here is taken for idle. */
  async look(): Promise<void> {
    const now = this.clock.now();
    if ((this.lane.pending === 0 && !this.stalled) || now - this.lastAsked < askEveryMs) return;
    this.lastAsked = now;
    try {
      const jsm = await this.api.manager();
      const info = await jsm.consumers.info(this.spec.stream, this.spec.consumer);
      this.stalled = info.num_pending > 0 && info.num_ack_pending >= this.facts.maxAckPending;
    } catch {
      // The puller notices what is wrong with the consumer itself.
    }
  }
}
