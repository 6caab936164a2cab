import { auto } from '../codec/index.js';
import { PublishHooks } from '../delivery/index.js';
import type {
  BrokerDefinition,
  Destination,
  Driver,
  DriverContext,
  PublishOptions,
  PublishReceipt,
} from '../driver/index.js';
import { asError, errorOf, isMultiBrokerError, type MultiBrokerError } from '../errors/index.js';
import { encodePublish, filled } from '../lifecycle/index.js';

/** A publish by the test, which may still be pending at rest if it waits for the clock. */
export class HarnessPublish {
  receipt: PublishReceipt = {};
  /** Its error, except where a scripted crash has cut it off. */
  error: Error | undefined;
  isOver = false;
  /** Never rejects. */
  readonly over: Promise<void>;

  /** @param life aborts when the publishing process crashes */
  constructor(publishing: Promise<PublishReceipt>, life: AbortSignal) {
    const good = (receipt: PublishReceipt): void => {
      this.receipt = receipt;
    };
    const bad = (thrown: unknown): void => {
      const error = asError(thrown);
      if (!life.aborted || !isStopped(error)) this.error = error;
    };
    this.over = publishing.then(good, bad).then(() => {
      this.isOver = true;
    });
  }
}

/** Publishes that were still pending when `harness.publish()` resolved. */
export class LatePublishes {
  private readonly late = new Set<HarnessPublish>();

  add(publish: HarnessPublish): void {
    this.late.add(publish);
  }

  /** Takes the errors of ended publishes, each once. */
  takeErrors(): readonly Error[] {
    const over = [...this.late].filter(({ isOver }) => isOver);
    for (const publish of over) this.late.delete(publish);
    return over.flatMap(({ error }) => error ?? []);
  }

  clear(): void {
    this.late.clear();
  }
}

function isStopped(error: Error): boolean {
  return isMultiBrokerError(error) && error.code === 'MULTI_BROKER_STOPPED';
}

/** Definition and context of the application's own twin of a broker. */
export interface Connecting {
  readonly definition: BrokerDefinition;
  readonly context: DriverContext;
}

/** Access of an {@link ExternalProducer} to the buses of the application's twins. */
export interface OutsiderHost {
  /** Undefined: the broker was never connected. */
  connectingOf(broker: string): Connecting | undefined;
  /** Creates a further twin of the broker. */
  open(definition: BrokerDefinition): Promise<Driver>;
}

const NO_HOOKS = new PublishHooks();

/** A producer in another process: it continues to publish while the application has crashed. */
export class ExternalProducer {
  private readonly drivers = new Map<string, Promise<Driver>>();

  constructor(private readonly host: OutsiderHost) {}

  /** Publishes like `Broker.publish` on a broker of the same name in another process. */
  async publish(
    broker: string,
    to: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt> {
    const connecting = this.host.connectingOf(broker);
    if (connecting === undefined) throw neverConnected(broker);
    const { definition } = connecting;
    const spec = filled(definition.destination(to), payload, options);
    const by = { broker, codec: definition.options.codec ?? auto, to: spec, hooks: NO_HOOKS, maxHops: () => Infinity };
    const message = await encodePublish(by, payload, { ...options, correlate: false });
    const [outcome] = await (await this.driverOf(connecting)).publish(spec, [message]);
    if (outcome === undefined) throw new TypeError('The driver returned no outcome');
    if ('error' in outcome) throw outcome.error;
    return outcome.receipt;
  }

  async close(): Promise<void> {
    const drivers = [...this.drivers.values()];
    this.drivers.clear();
    for (const driver of drivers) await (await driver).close();
  }

  private driverOf(connecting: Connecting): Promise<Driver> {
    const { name } = connecting.definition;
    const driver = this.drivers.get(name) ?? this.connect(connecting);
    this.drivers.set(name, driver);
    return driver;
  }

  private async connect({ definition, context }: Connecting): Promise<Driver> {
    const driver = await this.host.open(definition);
    await driver.connect({ ...context, state: () => undefined }, new AbortController().signal);
    return driver;
  }
}

function neverConnected(broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_NOT_CONNECTED.harnessNeverConnected', { broker });
}
