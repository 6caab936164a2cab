import type { DeliveryContext } from '../delivery/index.js';
import type { BrokerDefinition, Destination, PublishToOptions, Source, SubscribeOptions } from '../driver/index.js';
import type { MultiBrokerError } from '../errors/index.js';
import type { HandlerHost } from './handler-host.js';

/** One `@Subscribe` of one method as the explorer found it: names are not resolved yet. */
export interface HandlerDeclaration {
  /** `Class.method`. */
  readonly handler: string;
  /** Of a decorated method: names of classes are not unique. */
  readonly method?: { readonly type: unknown; readonly name: string; readonly host?: HandlerHost };
  readonly broker: string | BrokerDefinition;
  readonly source: string | Source;
  readonly options: SubscribeOptions;
  /** Closest to the method first. */
  readonly publishTo: readonly PublishDeclaration[];
  /** What the explorer saw to be wrong with the method itself. */
  readonly problems: readonly MultiBrokerError[];
  /** Calls the method through Nest (guards, pipes, interceptors, filters). The payload is decoded already. */
  call(context: DeliveryContext): unknown;
}

/** One `@PublishTo` as written. */
export interface PublishDeclaration {
  readonly broker: string | BrokerDefinition;
  readonly destination: string | Destination;
  readonly options: PublishToOptions;
}
