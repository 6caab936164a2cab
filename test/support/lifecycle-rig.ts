import type { Clock } from '../../lib/async/index.js';
import type { BrokerDefinition, BrokerOptions, Incoming, Sink, SourceSpec } from '../../lib/driver/index.js';
import { isMultiBrokerError } from '../../lib/errors/index.js';
import type { HandlerDeclaration } from '../../lib/handlers/index.js';
import {
  BrokerRuntime,
  ManagedMultiBroker,
  type MultiBrokerOptions,
  resolveOptions,
} from '../../lib/lifecycle/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { declaration } from './declaration.js';
import { destination, MemoryLog } from './delivery-rig.js';
import { FakeDriver } from './fake-driver.js';
import { FakeLane } from './fake-lane.js';
import { turns } from './turns.js';

/** A definition whose sources are durable unless their name begins with `core`. */
export function definition(name: string, options: Partial<BrokerOptions> = {}): BrokerDefinition {
  const none = (): never => {
    throw new Error('Drivers come from the source of the test');
  };
  return {
    name,
    kind: 'fake',
    options: { name, ...options },
    critical: options.critical,
    problems: () => [],
    source: (from) => {
      const address = typeof from === 'string' ? from : from.kind;
      return { kind: 'fake', name: `queue ${address}`, address, durable: !address.startsWith('core') };
    },
    destination,
    clash: (one, other) => (one.address === other.address ? 'both read it' : undefined),
    driver: none,
    twin: none,
  };
}

class FakeDrivers extends BrokerRuntime {
  readonly clock: Clock;
  readonly made = new Map<string, FakeDriver[]>();
  readonly inMemory: boolean[] = [];

  constructor(
    clock: Clock,
    private readonly prepare: (driver: FakeDriver) => void,
    private readonly log: (event: string) => void,
  ) {
    super();
    this.clock = clock;
  }

  async open({ name }: BrokerDefinition, inMemory: boolean): Promise<FakeDriver> {
    this.inMemory.push(inMemory);
    const driver = new FakeDriver(name, this.log);
    this.prepare(driver);
    this.made.set(name, [...(this.made.get(name) ?? []), driver]);
    return driver;
  }
}

export interface LifecycleOptions {
  /** Names, or definitions. */
  readonly brokers?: readonly (string | BrokerDefinition)[];
  readonly handlers?: readonly Partial<HandlerDeclaration>[];
  readonly options?: MultiBrokerOptions;
  /** Called with each driver before it connects. */
  readonly prepare?: (driver: FakeDriver) => void;
}

/** All brokers of an application on fake drivers and a clock that stands still. */
export class LifecycleRig {
  readonly clock = new VirtualClock(0);
  readonly log = new MemoryLog();
  /** What the drivers were asked, over all brokers: `orders: connect`. */
  readonly events: string[] = [];
  readonly multi: ManagedMultiBroker;
  private readonly drivers: FakeDrivers;

  constructor({ brokers = [], handlers = [], options, prepare = () => {} }: LifecycleOptions = {}) {
    this.drivers = new FakeDrivers(this.clock, prepare, (event) => this.events.push(event));
    this.multi = new ManagedMultiBroker(this.drivers, this.log);
    if (options !== undefined) this.multi.configure(resolveOptions(options));
    for (const broker of brokers) this.multi.register(typeof broker === 'string' ? definition(broker) : broker);
    this.multi.explore(() => handlers.map((fields) => declaration(fields)));
  }

  get inMemory(): readonly boolean[] {
    return this.drivers.inMemory;
  }

  /** The newest driver of a broker. */
  driver(name: string): FakeDriver {
    const driver = this.drivers.made.get(name)?.at(-1);
    if (driver === undefined) throw new Error(`Broker '${name}' has no driver`);
    return driver;
  }

  /** How many drivers the broker has had. */
  made(name: string): number {
    return this.drivers.made.get(name)?.length ?? 0;
  }

  /** Hands messages to whoever reads the address; returns their lane. */
  deliver(broker: string, address: string, ...batch: readonly Incoming[]): FakeLane {
    for (const { sources, sink } of this.driver(broker).intakes.toReversed()) {
      const source = sources.find((one) => one.address === address);
      if (source === undefined) continue;
      return handOver(source, sink, batch);
    }
    throw new Error(`Nobody reads ${address} of '${broker}'`);
  }

  /** Hands messages to everyone who still reads the address, as a subject without a queue group does. */
  deliverToAll(broker: string, address: string, ...batch: readonly Incoming[]): FakeLane[] {
    return this.driver(broker).intakes.flatMap(({ isClosed, sources, sink }) => {
      const source = sources.find((one) => one.address === address);
      return isClosed || source === undefined ? [] : [handOver(source, sink, batch)];
    });
  }

  /** Events that begin so, without the others. */
  seen(...beginnings: readonly string[]): string[] {
    return this.events.filter((event) => beginnings.some((beginning) => event.includes(beginning)));
  }

  /** Fires every timer up to `ms` from now, the event loop turning between them. */
  async advance(ms: number): Promise<void> {
    await turns();
    const until = this.clock.now() + ms;
    while (this.clock.nextAt() <= until) {
      this.clock.next();
      await turns();
    }
    this.clock.advance(until - this.clock.now());
    await turns();
  }
}

function handOver(source: SourceSpec, sink: Sink, batch: readonly Incoming[]): FakeLane {
  const lane = new FakeLane({ source, name: source.address });
  sink.opened(lane);
  void sink.take(lane, batch);
  return lane;
}

/** What a promise came to by now: `open`, `done`, or the code of its error. */
export async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'open';
  promise.then(
    () => (state = 'done'),
    (error: unknown) => (state = isMultiBrokerError(error) ? error.code : String(error)),
  );
  await turns();
  return state;
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('It did not reject');
    },
    (error: unknown) => error as Error,
  );
}
