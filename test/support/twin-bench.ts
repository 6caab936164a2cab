import {
  type BrokerDefinition,
  type DestinationSpec,
  type Driver,
  type Incoming,
  type Intake,
  type DriverContext,
  type Lane,
  type Outcome,
  type Outgoing,
  type Settlement,
  type Sink,
  type SourceSpec,
} from '../../lib/driver/index.js';
import { IN_ORDER, DeliveryTurns, VirtualClock, withRandom, withTurns } from '../../lib/twin/index.js';

/** One message as a reader got it. */
export interface Got {
  readonly lane: Lane;
  readonly message: Incoming;
  readonly text: string;
}

/** Reads, and keeps every message unsettled until told otherwise. */
export class Reader implements Sink {
  readonly got: Got[] = [];
  readonly lanes: Lane[] = [];
  intake!: Intake;

  constructor(private readonly settle: (got: Got) => Settlement | undefined) {}

  get texts(): string[] {
    return this.got.map(({ text }) => text);
  }

  opened(lane: Lane): void {
    this.lanes.push(lane);
  }

  take(lane: Lane, batch: readonly Incoming[]): void {
    for (const message of batch) {
      const got = { lane, message, text: Buffer.from(message.body ?? []).toString() };
      this.got.push(got);
      const how = this.settle(got);
      if (how !== undefined) lane.settle(message, how);
    }
  }

  async leave(): Promise<void> {
    await this.intake.stopFetching();
    await this.intake.flush();
    await this.intake.close();
  }
}

/** Twins on one bus, one clock and turns that can be waited for. */
export class TwinBench {
  readonly clock = new VirtualClock(0);
  readonly turns: DeliveryTurns;
  /** Errors that the twins logged. */
  readonly errors: string[] = [];
  readonly #made = new Map<string, unknown>();

  constructor(private readonly random = IN_ORDER) {
    this.turns = new DeliveryTurns(random);
  }

  /** What the twins share; {@link DriverContext.shared}. */
  shared<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }

  async connect(definition: BrokerDefinition): Promise<Driver> {
    const driver = await definition.twin();
    await driver.connect(this.#io(definition.name), new AbortController().signal);
    return driver;
  }

  async read(
    driver: Driver,
    sources: SourceSpec | SourceSpec[],
    settle: (got: Got) => Settlement | undefined = () => 'ack',
  ) {
    const reader = new Reader(settle);
    reader.intake = await driver.subscribe([sources].flat(), reader, new AbortController().signal);
    await this.turns.idle();
    return reader;
  }

  /** Publishes texts or messages; everything is delivered when it resolves. */
  async publish(driver: Driver, to: DestinationSpec, ...messages: (string | Outgoing)[]): Promise<readonly Outcome[]> {
    const batch = messages.map((one) => (typeof one === 'string' ? { body: Buffer.from(one) } : one));
    const outcomes = await driver.publish(to, batch);
    await this.turns.idle();
    return outcomes;
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.turns.idle();
  }

  #io(broker: string): DriverContext {
    const nothing = (): void => {};
    const io: DriverContext = {
      broker,
      clock: this.clock,
      log: { debug: nothing, info: nothing, warn: nothing, error: (told) => void this.errors.push(told) },
      state: nothing,
      shared: (key, make) => this.shared(key, make),
    };
    return withRandom(withTurns(io, this.turns), this.random);
  }
}

/** The receipts' positions, or the codes of errors. */
export function positions(outcomes: readonly Outcome[]): (string | undefined)[] {
  return outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.receipt.position));
}

export const message = (text: string, more: Omit<Outgoing, 'body'> = {}): Outgoing => ({
  body: Buffer.from(text),
  ...more,
});
