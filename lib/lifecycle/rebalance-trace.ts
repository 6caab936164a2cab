import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';

/** A group has given this process its partitions: at its first join, and at each rebalance after that. */
export class RebalanceTrace {
  readonly broker: string;
  readonly kind: string;
  readonly group: string;
  // A listener tells by it whose event it is, as channels are global to the process.
  readonly #application: object;

  /** @internal */
  constructor(application: object, { name, kind }: { readonly name: string; readonly kind: string }, group: string) {
    this.broker = name;
    this.kind = kind;
    this.group = group;
    this.#application = application;
  }

  /** @internal */
  static isOf(trace: unknown, application: object): trace is RebalanceTrace {
    return typeof trace === 'object' && trace !== null && #application in trace && trace.#application === application;
  }
}

const rebalances = channel('nestjs-multi-broker:rebalance');

export function traceRebalance(
  application: object,
  definition: { readonly name: string; readonly kind: string },
  group: string,
): void {
  if (rebalances.hasSubscribers) rebalances.publish(new RebalanceTrace(application, definition, group));
}

/** Passes the rebalances of one application on. The returned function ends it. */
export function observeRebalances(application: object, tell: (trace: RebalanceTrace) => void): () => void {
  // Channels are global to the process: an application that is never closed must not be kept alive by them.
  const weak = new WeakRef(application);
  const listen = (trace: unknown): void => {
    const own = weak.deref();
    if (own === undefined) unsubscribe(rebalances.name, listen);
    else if (RebalanceTrace.isOf(trace, own)) tell(trace);
  };
  subscribe(rebalances.name, listen);
  return () => unsubscribe(rebalances.name, listen);
}
