import type { Counter } from 'prom-client';
import type { ObservedSend, SendObserver, SendOutcome } from '../delivery/index.js';
import { DestinationLabels } from './labels.js';

/** What publishes are counted by. */
export interface PublishMetrics {
  readonly published: Counter<'broker' | 'address'>;
  readonly errors: Counter<'broker' | 'address'>;
}

/** Answers go to an address of each requester's own. */
const REPLIES = '(replies)';

/** Counts publishes by how they have ended. */
export class Publishes implements SendObserver {
  private readonly labels = new DestinationLabels();

  constructor(private readonly metrics: PublishMetrics) {}

  sending(): void {
    // Counted when it has ended.
  }

  sent({ operation, broker, to, isReply }: ObservedSend, { error }: SendOutcome): void {
    if (operation === 'request') return;
    const address = isReply ? REPLIES : (to.template ?? to.address);
    const counter = error === undefined ? this.metrics.published : this.metrics.errors;
    counter.inc(this.labels.of(broker, address));
  }
}
