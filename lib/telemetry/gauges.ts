import {
  type Attributes,
  type BatchObservableResult,
  type Meter,
  metrics,
  type Observable,
  ValueType,
} from '@opentelemetry/api';
import type { BrokerHealth, HandlerHandle } from '../driver/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { MESSAGING, OWN, OWN_METRIC, SCHEMA_URL, SCOPE } from './conventions.js';

const STATUSES: readonly BrokerHealth['status'][] = ['up', 'degraded', 'down'];

/** What is read when a reader collects: states of handlers and brokers. */
export class Gauges {
  private readonly inFlight: Observable;
  private readonly running: Observable;
  private readonly dropped: Observable;
  private readonly lag: Observable;
  private readonly status: Observable;
  private readonly all: Observable[];

  constructor(
    private readonly multiBroker: ManagedMultiBroker,
    private readonly withLag: boolean,
    /** Called before they are read, as it is the only sign that metrics are collected. */
    private readonly collecting: () => void,
    private readonly meter: Meter = metrics.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA_URL }),
  ) {
    const options = { unit: '{message}', valueType: ValueType.INT };
    const gauge = (name: string, description: string): Observable =>
      meter.createObservableGauge(name, { ...options, description });
    this.inFlight = gauge(OWN_METRIC.inFlight, 'Messages that are in hand and not settled');
    this.running = gauge(OWN_METRIC.running, 'Calls of handlers that are running');
    this.dropped = meter.createObservableCounter(OWN_METRIC.dropped, {
      ...options,
      description: 'Messages lost before they were handled, as their source does not wait',
    });
    this.lag = gauge(OWN_METRIC.lag, 'Messages that wait for a handler, over all replicas');
    this.status = gauge(OWN_METRIC.status, '1 for the status that the broker has, 0 for the others');
    this.all = [this.inFlight, this.running, this.dropped, this.lag, this.status];
  }

  start(): void {
    this.meter.addBatchObservableCallback(this.observe, this.all);
  }

  stop(): void {
    this.meter.removeBatchObservableCallback(this.observe, this.all);
  }

  private readonly observe = async (result: BatchObservableResult): Promise<void> => {
    this.collecting();
    const { brokers } = this.multiBroker.health();
    for (const { name, kind, status } of brokers) {
      const broker = { [MESSAGING.system]: kind, [OWN.broker]: name };
      for (const one of STATUSES) result.observe(this.status, one === status ? 1 : 0, { ...broker, [OWN.status]: one });
    }
    const kinds = new Map(brokers.map(({ name, kind }) => [name, kind]));
    await Promise.all(this.multiBroker.handlers.map((handler) => this.observeHandler(handler, kinds, result)));
  };

  private async observeHandler(
    handle: HandlerHandle,
    kinds: ReadonlyMap<string, string>,
    result: BatchObservableResult,
  ): Promise<void> {
    const { broker, handler, source, id, counts } = handle;
    const attributes: Attributes = {
      [MESSAGING.system]: kinds.get(broker) ?? 'unknown',
      [MESSAGING.template]: source,
      [OWN.broker]: broker,
      [OWN.handler]: handler,
      [OWN.handlerId]: id,
    };
    result.observe(this.inFlight, counts.unsettled, attributes);
    result.observe(this.running, counts.running, attributes);
    result.observe(this.dropped, counts.dropped, attributes);
    if (!this.withLag) return;
    // Of a server that does not answer there is no number; the broker's status says it.
    const { messages } = await this.multiBroker.lags.of(handle);
    if (messages !== undefined) result.observe(this.lag, messages, attributes);
  }
}
