import type { Broker, BrokerDefinition } from '../driver/index.js';
import { asError, errorOf } from '../errors/index.js';
import type { BrokerRegistry } from './broker-registry.js';
import type { Lifecycle } from './lifecycle.js';
import type { ManagedBroker } from './managed-broker.js';
import type { ResolvedOptions } from './module-options.js';
import type { OnDemandOperations } from './on-demand.js';
import type { PendingBindings } from './pending-bindings.js';
import { disconnectAll } from './stop-phases.js';
import type { Admitted, WiredHandlers } from './wired-handlers.js';

/** The parts of an application that a late broker becomes part of. */
interface Parts {
  readonly registry: BrokerRegistry;
  readonly handlers: WiredHandlers;
  readonly pending: PendingBindings;
  readonly operations: OnDemandOperations;
  readonly lifecycle: Lifecycle;
  readonly options: () => ResolvedOptions;
}

/** Brokers that code adds: before the start as if they were listed, and after it with the handlers that waited for them. */
export class LateBrokers {
  constructor(private readonly parts: Parts) {}

  /** @throws MultiBrokerError MULTI_BROKER_LATE_BROKER after the start, unless the application allows late brokers */
  async add(definition: BrokerDefinition): Promise<Broker> {
    const { registry, handlers, lifecycle } = this.parts;
    this.refuseWhileStopping();
    this.refuseUnlessAllowed(definition);
    // A start that is under way would start the handlers of a late broker a second time.
    if (lifecycle.isStarting) {
      await lifecycle.startOver();
      this.refuseWhileStopping();
    }
    const broker = registry.add(definition);
    if (lifecycle.isStarted) await this.start(broker);
    else handlers.invalidate();
    return broker;
  }

  /** Connects it, then starts its handlers and those that waited for it. */
  private async start(broker: ManagedBroker): Promise<void> {
    const { registry, handlers, pending, operations, options } = this.parts;
    let admitted: Admitted | undefined;
    try {
      admitted = handlers.admit(registry.definitions(), options());
      await operations.run((signal) => broker.connection.connect(signal));
      this.refuseWhileStopping();
      await pending.start(admitted.bindings);
    } catch (thrown) {
      await this.takeBack(broker, admitted);
      throw asError(thrown);
    }
  }

  /** Handlers of other brokers that read already are stopped, too: their routes know this one. */
  private async takeBack(broker: ManagedBroker, admitted: Admitted | undefined): Promise<void> {
    const { registry, lifecycle } = this.parts;
    admitted?.undo();
    await Promise.all(registry.all().map(({ activeSources }) => activeSources.stopAll(admitted?.bindings ?? [])));
    registry.remove(broker);
    await disconnectAll([broker], lifecycle.stopDeadline);
  }

  private refuseUnlessAllowed({ name }: BrokerDefinition): void {
    const { registry, lifecycle, options } = this.parts;
    if (!lifecycle.isBegun || options().allowLateBrokers || registry.known.has(name)) return;
    throw errorOf('MULTI_BROKER_LATE_BROKER.added', { broker: name });
  }

  private refuseWhileStopping(): void {
    if (this.parts.lifecycle.isStopping) throw this.parts.lifecycle.refusal();
  }
}
