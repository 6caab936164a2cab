import type { BrokerDefinition, HandlerOptions } from '../driver/index.js';
import type { Configurable, FromConfig } from './metadata.js';

/** Options of {@link Handlers}: what the handlers of a class have in common. */
export interface HandlersOptions extends Configurable<HandlerOptions> {
  /** Name or definition of the broker of every `@Subscribe` that names none. */
  readonly broker: string | BrokerDefinition;
  /**
   * Begins the source of every `@Subscribe` that names no broker: the topic, the subject, and of a stream its `filter` and
   * `subjects`. Not the destinations of `@PublishTo`.
   */
  readonly prefix?: string | FromConfig<string>;
}

// A string, so that handlers decorated by another copy of the package are found and reported.
const HANDLERS = 'nestjs-multi-broker:handlers';

/**
 * Gives the handlers of a class a broker, a prefix of their sources and default options: `@Subscribe('created')` in it
 * needs no broker. The defaults stand between the options of a `@Subscribe` and those of its broker, field by field for
 * `retry` and `concurrency`, and hold for every handler of the class. Subclasses inherit it; their own replaces it.
 */
export function Handlers(options: HandlersOptions): ClassDecorator {
  return (target) => Reflect.defineMetadata(HANDLERS, options, target);
}

/** The options of `@Handlers` of a class or its nearest ancestor. */
export function handlersOptionsOf(type: object): HandlersOptions | undefined {
  return Reflect.getMetadata(HANDLERS, type) as HandlersOptions | undefined;
}
