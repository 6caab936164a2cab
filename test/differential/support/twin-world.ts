import type { BrokerDefinition, Driver, DriverContext, Outcome, Outgoing } from '../../../lib/driver/index.js';
import { Faults, FaultyDriver, SimulatedProcess, withTurns } from '../../../lib/twin/index.js';
import { TwinTime } from './twin-time.js';
import { type Mortal, sharing, type World } from './world.js';

const nothing = (): void => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Twins of one bus, on one clock that is moved. */
export class TwinBus extends TwinTime {
  readonly shared = sharing();
  #publisher: Promise<Driver> | undefined;

  constructor(readonly definition: BrokerDefinition) {
    super();
  }

  /** In a process of its own, which dies as by SIGKILL: nothing is committed, acknowledged or given back any more. */
  async driver(): Promise<Mortal> {
    const twin = await this.definition.twin();
    const connect = twin.connect.bind(twin);
    twin.connect = (io, signal) => connect(withTurns({ ...io, shared: this.shared }, this.turns), signal);
    const process = new SimulatedProcess();
    const driver = new FaultyDriver(twin, { faults: new Faults(), process, delayed: () => nothing });
    return {
      driver,
      kill: async () => {
        process.kill(new Error('killed'));
      },
    };
  }

  async publish(destination: ReturnType<BrokerDefinition['destination']>, message: Outgoing): Promise<Outcome> {
    this.#publisher ??= this.#connect();
    const [outcome] = await (await this.#publisher).publish(destination, [message]);
    return outcome!;
  }

  /** What every twin world has of its bus. */
  get face(): Pick<World, 'clock' | 'driver' | 'during' | 'until'> {
    return {
      clock: this.clock,
      driver: () => this.driver(),
      during: (work) => this.during(work),
      until: (holds) => this.until(holds),
    };
  }

  async #connect(): Promise<Driver> {
    const { driver } = await this.driver();
    const { clock, shared } = this;
    const io: DriverContext = { broker: this.definition.name, clock, log: silent, state: nothing, shared };
    await driver.connect(io, new AbortController().signal);
    return driver;
  }
}
