import type { Outcome } from '../driver/index.js';
import type { Route } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';

/** No handler is held by results that nobody waits for, so memory has to be: beyond so many they are not published. */
const MOST_OPEN = 65_536;

/**
 * The results of one publisher that may be lost: each is tried once. What is lost is counted; the log tells of the first
 * and, once one gets through again, how many it were.
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
    this.failed(new Error(`${String(MOST_OPEN)} results wait for it already`));
  }

  failed(error: Error): void {
    this.host.counts.unpublished++;
    if (this.lost++ === 0) this.host.log.warn(`${this.what} are not published (best effort): ${error.message}`);
    else this.host.log.debug(`${this.what}: one more was not published (best effort): ${error.message}`);
  }

  private published(): void {
    if (this.lost === 0) return;
    this.host.log.warn(`${this.what} are published again: ${String(this.lost)} were not (best effort)`);
    this.lost = 0;
  }

  private get what(): string {
    const { broker, destination } = this.route;
    const to = typeof destination === 'string' ? `'${destination}'` : `a destination of kind '${destination.kind}'`;
    return `Results of ${this.handler} to ${to} on broker '${broker}'`;
  }
}

/** Of the publishers of a broker's handlers, as long as those are there. */
const efforts = new WeakMap<DeliveryHost, WeakMap<Route, BestEffort>>();

export function bestEffortOf(route: Route, handler: string, host: DeliveryHost): BestEffort {
  const known = efforts.get(host) ?? new WeakMap<Route, BestEffort>();
  efforts.set(host, known);
  const effort = known.get(route) ?? new BestEffort(route, handler, host);
  known.set(route, effort);
  return effort;
}
