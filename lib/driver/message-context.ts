import type { Broker } from './broker.js';
import type { BrokerMessage } from './message.js';

/** One delivery as its handler sees it; `switchToRpc().getContext()` for guards, interceptors and filters. */
export abstract class MessageContext<T = unknown> {
  /** The broker it came by: the object that `@InjectBroker()` injects. */
  abstract readonly broker: Broker;
  /** The topic or subject it came by. */
  abstract readonly source: string;
  abstract readonly message: BrokerMessage<T>;
  /** What the source's wildcards stand for, by position from '0', or by the names of RegExp groups. */
  abstract readonly params: Readonly<Record<string, string>>;
  /** Aborts when the drain is over, the partition is lost, or `maxProcessingMs` has passed. */
  abstract readonly signal: AbortSignal;

  /** Settles the delivery: it is done with. */
  abstract ack(): void;
  /** Settles the delivery: it comes again, after a second unless `delayMs` says otherwise. */
  abstract nack(options?: { readonly delayMs?: number }): void;
  /** Settles the delivery: it does not come again. */
  abstract reject(reason?: string): void;
}
