import type { DeliveryContext } from '../delivery/index.js';
import type {
  BrokerDefinition,
  Destination,
  HandlerOptions,
  PublishToOptions,
  Source,
  SubscribeOptions,
} from '../driver/index.js';
import type { MultiBrokerError } from '../errors/index.js';
import type { HandlerHost } from './handler-classes.js';

/** One `@Subscribe` of one method as the explorer found it, with names not resolved yet. */
export interface HandlerDeclaration {
  /** `Class.method`. */
  readonly handler: string;
  /** Identifies a decorated method, since class names are not unique. */
  readonly method?: { readonly type: unknown; readonly name: string; readonly host?: HandlerHost };
  readonly broker: string | BrokerDefinition;
  readonly source: string | Source;
  readonly options: SubscribeOptions;
  /** Defaults of the class: they stand between the options and the broker's. */
  readonly defaults?: HandlerOptions | undefined;
  /** Begins the source: that of the class. */
  readonly prefix?: string | undefined;
  /** Names of params that the method asks for, and how many sources it reads. */
  readonly params?: { readonly names: readonly string[]; readonly sources: number } | undefined;
  /** Closest to the method first. */
  readonly publishTo: readonly PublishDeclaration[];
  /** Problems of the method itself that the explorer found. */
  readonly problems: readonly MultiBrokerError[];
  /** Calls the method through guards, pipes, interceptors and filters. The payload is already decoded. */
  call(context: DeliveryContext): unknown;
}

/** One `@PublishTo` as written. */
export interface PublishDeclaration {
  readonly broker: string | BrokerDefinition;
  readonly destination: string | Destination;
  readonly options: PublishToOptions;
}

/** Each field of a declaration, given or not. */
type WholeDeclaration = { readonly [K in keyof Required<HandlerDeclaration>]: HandlerDeclaration[K] };

/** The same handler, called in another way. Field by field, as this runs for each handler of each test. */
export function calledBy(declaration: HandlerDeclaration, call: HandlerDeclaration['call']): HandlerDeclaration {
  const { handler, method, broker, source, options, defaults, prefix, params, publishTo, problems } = declaration;
  const whole: WholeDeclaration = {
    handler,
    method,
    broker,
    source,
    options,
    defaults,
    prefix,
    params,
    publishTo,
    problems,
    call,
  };
  return whole;
}
