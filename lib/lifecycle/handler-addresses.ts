import { type Binding, handlersOf } from '../delivery/index.js';
import type { DestinationSpec } from '../driver/index.js';
import type { BrokerRegistry } from './broker-registry.js';
import type { WiredHandlers } from './wired-handlers.js';

/** A destination of handlers. */
interface Target {
  readonly to: DestinationSpec;
  /** It depends on the address of each message. */
  readonly ofEach: boolean;
}

/** The addresses that the handlers of an application name: which others there are is a mistake of a test. */
export class HandlerAddresses {
  /** Whether the application may publish to addresses that no decorator names. */
  publishesAnywhere = false;

  constructor(
    private readonly registry: BrokerRegistry,
    private readonly wired: WiredHandlers,
  ) {}

  /** The addresses of one broker that handlers publish to, park in or read. */
  of(broker: string): readonly string[] {
    const sources = this.wired.claims.filter((binding) => binding.broker === broker);
    return [...sources.map(({ source }) => source.address), ...this.targetsOn(broker).map(({ to }) => to.address)];
  }

  /** Whether handlers publish to, or park in, addresses of one broker that are known only with a message. */
  areFilled(broker: string): boolean {
    return this.targetsOn(broker).some(({ to, ofEach }) => to.fill !== undefined || ofEach);
  }

  private targetsOn(broker: string): readonly Target[] {
    const { outlet } = this.registry.get(broker);
    return this.wired.claims
      .flatMap(targetsOf)
      .filter((target) => target.broker === broker)
      .map(({ destination, ofEach }) => ({ to: outlet.resolve(destination), ofEach: ofEach !== undefined }));
  }
}

function targetsOf(binding: Binding) {
  const letters = [binding, ...handlersOf(binding)].flatMap(({ deadLetter }) => deadLetter ?? []);
  return [...binding.routes.map((route) => ({ ...route, ofEach: undefined })), ...letters];
}
