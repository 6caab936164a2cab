import { auto } from '../codec/index.js';
import { PublishHooks } from '../delivery/index.js';
import type { BrokerDefinition, Destination, Driver, Io, PublishOptions, PublishReceipt } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { encodeByHand } from '../lifecycle/index.js';

/** What the application's own twin of a broker was connected with. */
export interface Connecting {
  readonly definition: BrokerDefinition;
  readonly io: Io;
}

/** What an outsider needs to come to the buses of the application's twins. */
export interface OutsiderHost {
  /** Undefined: the broker was never connected. */
  connectingOf(broker: string): Connecting | undefined;
  /** A further twin of the broker. */
  open(definition: BrokerDefinition): Promise<Driver>;
}

const NO_HOOKS = new PublishHooks();

/** Another producer of the real world: it goes on when the process of the application has died. */
export class Outsider {
  readonly #drivers = new Map<string, Promise<Driver>>();

  constructor(private readonly host: OutsiderHost) {}

  /** As `Broker.publish`, of a broker of the same name in another process. */
  async publish(
    broker: string,
    to: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt> {
    const connecting = this.host.connectingOf(broker);
    if (connecting === undefined) throw neverConnected(broker);
    const { definition } = connecting;
    const spec = definition.destination(to);
    const by = { broker, codec: definition.options.codec ?? auto, to: spec, hooks: NO_HOOKS, maxHops: () => Infinity };
    const message = await encodeByHand(by, payload, { ...options, correlate: false });
    const [outcome] = await (await this.#driverOf(connecting)).publish(spec, [message]);
    if (outcome === undefined) throw new TypeError('The driver tells no outcome');
    if ('error' in outcome) throw outcome.error;
    return outcome.receipt;
  }

  async close(): Promise<void> {
    const drivers = [...this.#drivers.values()];
    this.#drivers.clear();
    for (const driver of drivers) await (await driver).close();
  }

  #driverOf(connecting: Connecting): Promise<Driver> {
    const { name } = connecting.definition;
    const driver = this.#drivers.get(name) ?? this.#connect(connecting);
    this.#drivers.set(name, driver);
    return driver;
  }

  async #connect({ definition, io }: Connecting): Promise<Driver> {
    const driver = await this.host.open(definition);
    await driver.connect({ ...io, state: () => undefined }, new AbortController().signal);
    return driver;
  }
}

function neverConnected(broker: string): MultiBrokerError {
  const what = `Broker '${broker}' was never connected, so its twin has no bus to publish to`;
  return new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker });
}
