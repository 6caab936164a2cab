import type { Binding, ObservedDelivery } from '../delivery/index.js';
import type { HandlerHandle } from '../driver/index.js';

/** Where a metric has no address or handler of its own, so that the number of its series stays bounded. */
export const OTHER = '(other)';

/** Labels of a handler's metrics. `address` is its source as declared, not the topic or subject of a message. */
export interface HandlerLabels {
  readonly broker: string;
  readonly address: string;
  readonly handler: string;
}

export const handlerLabels = ({ broker, source, handler }: HandlerHandle): HandlerLabels => ({
  broker,
  address: source,
  handler,
});

/** Of what has no handle: subscriptions by code, which come and go, and messages that none of several handlers took. */
export const otherLabels = (broker: string): HandlerLabels => ({ broker, address: OTHER, handler: OTHER });

/** The labels of deliveries, made once for each handler. */
export class DeliveryLabels {
  private readonly known = new WeakMap<Binding, HandlerLabels>();

  of({ binding }: ObservedDelivery): HandlerLabels {
    const known = this.known.get(binding);
    if (known !== undefined) return known;
    const { broker, source, handler, method } = binding;
    const labels = method === undefined ? otherLabels(broker) : { broker, address: source.address, handler };
    this.known.set(binding, labels);
    return labels;
  }
}

/** The most destinations of one broker with series of their own: code may make their names from data, without limit. */
const MOST_DESTINATIONS = 100;

/** Destinations, by broker. */
export class DestinationLabels {
  private readonly known = new Map<string, Set<string>>();

  of(broker: string, address: string): { readonly broker: string; readonly address: string } {
    const known = this.known.get(broker) ?? new Set<string>();
    this.known.set(broker, known);
    if (known.size < MOST_DESTINATIONS) known.add(address);
    return { broker, address: known.has(address) ? address : OTHER };
  }
}
