import type { Broker, BrokerHealth } from './broker.js';
import type { BrokerDefinition } from './definition.js';
import type { PublishHook } from './publish-hook.js';

/** How all brokers are. */
export interface MultiBrokerHealth {
  /** The worst of its brokers; one with `critical: false` that is down only degrades it. */
  readonly status: 'up' | 'degraded' | 'down';
  readonly brokers: readonly BrokerHealth[];
}

/** All brokers of the application, with one lifecycle. Injectable. */
export abstract class MultiBroker {
  /** In the order of definition. */
  abstract readonly brokers: readonly Broker[];
  /** The one that `options.default` names, else the first of `forRoot`. */
  abstract readonly default: Broker;
  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_BROKER with the nearest known name. */
  abstract get(name: string): Broker;
  /**
   * Adds a broker. Before the start: as if listed in `forRoot`, but for injection by token. After it (with
   * `allowLateBrokers`): resolves when it is connected and its handlers read.
   */
  abstract add(definition: BrokerDefinition): Promise<Broker>;
  /** Connects all, then starts all sources. Idempotent. @throws BrokerStartError */
  abstract start(): Promise<void>;
  /** Stops all in phases within `shutdownTimeoutMs`. Idempotent, never rejects; what was abandoned is logged. */
  abstract stop(): Promise<void>;
  /**
   * Adds headers to whatever the application publishes: by hand, by `@PublishTo`, and requests; not to answers. Those that
   * a publisher gives itself win. A hook is called at once, in the async context of who publishes; a failure of it is one of
   * the publish. Returns a function that takes the hook away again.
   */
  abstract onPublish(hook: PublishHook): () => void;
  /** Of this moment; asks no server. */
  abstract health(): MultiBrokerHealth;
}
