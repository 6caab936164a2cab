import type { Outcome } from '../driver/index.js';
import type { Route } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';

/** No handler waits for best-effort results, so their number is bounded: beyond it they are dropped. */
const MOST_OPEN = 65_536;

/**
 * The best-effort results of one publisher: each is tried once. Losses are counted; the log has the first one and, when
 * a result gets through again, their number.
 */
export class BestEffort {
  private open = 0;
  private lost = 0;

  constructor(
    private readonly route: Route,
    private readonly handler: string,
    private readonly host: DeliveryHost,
  ) {}

  get isFull(): boolean {
    return this.open >= MOST_OPEN;
  }

  sent(): void {
    this.open++;
  }

  over(outcome: Outcome): void {
    this.open--;
    if ('error' in outcome) this.failed(outcome.error);
    else this.published();
  }

  tooMany(): void {
    this.failed(new Error(`${String(MOST_OPEN)} results are waiting for it`));
  }

  failed(error: Error): void {
    this.host.counts.unpublished++;
    if (this.lost++ === 0) this.host.log.warn(`${this.what} are not published (best effort): ${error.message}`);
    else this.host.log.debug(`${this.what}: one more was not published (best effort): ${error.message}`);
  }

  private published(): void {
    if (this.lost === 0) return;
    this.host.log.warn(`${this.what} are being published again: ${String(this.lost)} were lost (best effort)`);
    this.lost = 0;
  }

  private get what(): string {
    const { broker, destination } = this.route;
    const to = typeof destination === 'string' ? `'${destination}'` : `a destination of kind '${destination.kind}'`;
    return `Results of ${this.handler} to ${to} on broker '${broker}'`;
  }
}

/** By broker and publisher, as long as those live. */
const efforts = new WeakMap<DeliveryHost, WeakMap<Route, BestEffort>>();

export function bestEffortOf(route: Route, handler: string, host: DeliveryHost): BestEffort {
  const known = efforts.get(host) ?? new WeakMap<Route, BestEffort>();
  efforts.set(host, known);
  const effort = known.get(route) ?? new BestEffort(route, handler, host);
  known.set(route, effort);
  return effort;
}
