import {
  type DestinationSpec,
  type Driver,
  type DriverContext,
  type Outcome,
  type Outgoing,
  readableBy,
} from '../driver/index.js';
import type { ClockWaits } from './clock-waits.js';
import { asPublished, type PublishedMessage } from './published-message.js';

/** A message that was handed to a driver, with its outcome. */
export interface RecordedPublish {
  readonly broker: string;
  /** Its number in the order of all publishes and deliveries. */
  readonly order: number;
  readonly address: string;
  readonly message: Outgoing;
  /** Undefined while in flight, and for requests, which are not confirmed. */
  outcome: Outcome | undefined;
}

/** All messages published by one driver, requests and replies included. */
export class PublishedMessages {
  all: RecordedPublish[] = [];

  constructor(
    private readonly broker: string,
    private readonly next: () => number,
    private readonly waits: ClockWaits,
  ) {}

  /** Messages that the server has confirmed. */
  confirmed(): readonly PublishedMessage[] {
    const has = this.all.filter(({ outcome }) => outcome !== undefined && 'receipt' in outcome);
    return has.map(({ message, address }) => asPublished(message, address));
  }

  /** Wraps a driver so that its publishes are recorded. `contextOf` may replace the context it is connected with. */
  of(driver: Driver, contextOf: (context: DriverContext) => DriverContext): Driver {
    const publish: Driver['publish'] = (to, batch) => this.publish(driver, to, batch);
    return {
      connect: (context, signal) => driver.connect(contextOf(context), signal),
      subscribe: (sources, sink, signal) => driver.subscribe(sources, sink, signal),
      publish,
      readsByName: publish,
      close: () => driver.close(),
      native: () => driver.native(),
      // Optional methods are copied only if present: delivery checks whether they exist.
      ...(driver.healthIssues !== undefined && { healthIssues: () => driver.healthIssues?.() ?? [] }),
      ...(driver.connectedTo !== undefined && { connectedTo: () => driver.connectedTo?.() }),
      ...(driver.kept !== undefined && { kept: driver.kept.bind(driver) }),
      ...(driver.request !== undefined && { request: this.requestOf(driver) }),
    };
  }

  private async publish(driver: Driver, to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const records = batch.map((message) => this.record(message, to));
    const outcomes = await driver.publish(to, readableBy(driver, batch));
    records.forEach((record, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined) record.outcome = outcome;
    });
    return outcomes;
  }

  private requestOf(driver: Driver): NonNullable<Driver['request']> {
    return async (to, message, signal) => {
      this.record(message, to).outcome = { receipt: {} };
      const answered = this.waits.request(message);
      try {
        const answer = await driver.request?.(to, message, signal);
        if (answer === undefined) throw new TypeError('The driver has no request()');
        return answer;
      } finally {
        answered();
      }
    };
  }

  private record(message: Outgoing, { address }: DestinationSpec): RecordedPublish {
    const record: RecordedPublish = { broker: this.broker, order: this.next(), address, message, outcome: undefined };
    this.all.push(record);
    return record;
  }
}
