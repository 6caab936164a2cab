import {
  type Attributes,
  type Counter,
  type Histogram,
  metrics,
  type UpDownCounter,
  ValueType,
} from '@opentelemetry/api';
import { Tally } from './tally.js';
import { DURATION_BOUNDARIES, METRIC, OWN_METRIC, SCHEMA_URL, SCOPE } from './conventions.js';

/** What is counted and measured at the events of messages. */
export class Instruments {
  private readonly sentMessages: Tally;
  private readonly consumedMessages: Tally;
  private readonly operationDuration: Histogram;
  private readonly processDuration: Histogram;
  private readonly redeliveredMessages: Counter;
  private readonly deadLetters: Counter;
  private readonly heldMessages: UpDownCounter;

  constructor(meter = metrics.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA_URL })) {
    const counter = (name: string, description: string): Counter =>
      meter.createCounter(name, { description, unit: '{message}', valueType: ValueType.INT });
    const duration = (name: string, description: string): Histogram =>
      meter.createHistogram(name, {
        description,
        unit: 's',
        advice: { explicitBucketBoundaries: [...DURATION_BOUNDARIES] },
      });
    this.sentMessages = new Tally(counter(METRIC.sent, 'Messages that were sent, or tried to be'));
    this.consumedMessages = new Tally(counter(METRIC.consumed, 'Messages that were delivered to a handler'));
    this.operationDuration = duration(
      METRIC.operationDuration,
      'Time from a send to its confirmation, or to an answer',
    );
    this.processDuration = duration(METRIC.processDuration, 'Time of one call of a handler');
    this.redeliveredMessages = counter(OWN_METRIC.redelivered, 'Messages given back to be delivered again');
    this.deadLetters = counter(OWN_METRIC.deadLettered, 'Messages parked as dead letters');
    this.heldMessages = meter.createUpDownCounter(OWN_METRIC.held, {
      description: 'Failed messages that hold those behind them until they are called again',
      unit: '{message}',
      valueType: ValueType.INT,
    });
  }

  /** What is counted here so far: before metrics are collected. */
  readonly tell = (): void => {
    this.sentMessages.tell();
    this.consumedMessages.tell();
  };

  /** The same, once nobody says any more that metrics are collected; messages may still be sent. */
  end(): void {
    this.sentMessages.end();
    this.consumedMessages.end();
  }

  sent(ms: number, attributes: Attributes): void {
    this.sentMessages.add(attributes);
    this.operationDuration.record(ms / 1_000, attributes);
  }

  consumed(attributes: Attributes): void {
    this.consumedMessages.add(attributes);
  }

  readonly processed = (ms: number, attributes: Attributes): void => {
    this.processDuration.record(ms / 1_000, attributes);
  };

  redelivered(attributes: Attributes): void {
    this.redeliveredMessages.add(1, attributes);
  }

  deadLettered(attributes: Attributes): void {
    this.deadLetters.add(1, attributes);
  }

  held(by: 1 | -1, attributes: Attributes): void {
    this.heldMessages.add(by, attributes);
  }
}
