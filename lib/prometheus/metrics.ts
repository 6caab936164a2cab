import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { register } from 'prom-client';
import type { BrokerCounts, BrokerHealth } from '../driver/index.js';
import { type ManagedMultiBroker, OBSERVED_BROKERS, type Observers, type RebalanceTrace } from '../lifecycle/index.js';
import { HandlerCalls } from './handler-calls.js';
import { Instruments } from './instruments.js';
import { lagsOf } from './lags.js';
import { checkMetricsOptions, DEFAULTS, type MultiBrokerMetricsOptions } from './options.js';
import { Publishes } from './publishes.js';
import { countsOf, type Sample } from './state.js';

/** Token of the options of `forRoot()`. */
export const METRICS_OPTIONS = Symbol('nestjs-multi-broker:metrics-options');

const BY_HANDLER = ['broker', 'address', 'handler'] as const;
const BY_BROKER = ['broker', 'kind'] as const;

/** What handlers count by themselves: read when it is scraped, at no cost for a message. */
const COUNTS: Readonly<Partial<Record<keyof BrokerCounts, readonly [name: string, help: string]>>> = {
  handled: ['messages_handled_total', 'Handler calls that succeeded'],
  failed: ['handler_failures_total', 'Handler calls that failed'],
  rejected: ['messages_rejected_total', 'Messages rejected or given up'],
  deadLettered: ['messages_dead_lettered_total', 'Messages parked as dead letters'],
  dropped: ['messages_dropped_total', 'Messages lost before they were handled, of a system that keeps none'],
  unmatched: ['messages_unmatched_total', 'Messages that the filter of no handler wanted'],
  unpublished: ['results_unpublished_total', 'Results that publishers with bestEffort failed to publish'],
};

/** The metrics of the application's brokers in a registry of `prom-client`, while the application runs. */
@Injectable()
export class MultiBrokerMetrics implements OnModuleInit, OnApplicationShutdown {
  private readonly instruments: Instruments;
  /** Kept here, as channels hold it weakly. */
  private observers: Observers | undefined;
  private stop: (() => void) | undefined;

  constructor(
    @Inject(OBSERVED_BROKERS) private readonly brokers: ManagedMultiBroker,
    @Inject(METRICS_OPTIONS) private readonly options: MultiBrokerMetricsOptions,
  ) {
    checkMetricsOptions(options);
    this.instruments = new Instruments(options.registry ?? register, options.prefix ?? DEFAULTS.prefix);
  }

  onModuleInit(): void {
    this.observers = {
      deliveries: this.countCalls(),
      sends: this.countPublishes(),
      rebalanced: this.countRebalances(),
    };
    this.stop = this.brokers.observe(this.observers);
    this.readCounts();
    this.readLag();
    this.readBrokers();
  }

  onApplicationShutdown(): void {
    this.stop?.();
    this.instruments.remove();
  }

  private countCalls(): HandlerCalls {
    const { instruments } = this;
    const [labels, help] = [BY_HANDLER, 'Time of one handler call, without the publishes of its result'];
    const histogram = { name: 'handler_duration_seconds', help, labels };
    return new HandlerCalls({
      duration: instruments.histogram(histogram, this.options.buckets ?? DEFAULTS.buckets),
      retried: instruments.counter({
        name: 'handler_retries_total',
        help: 'Waits for a further call of a message in this process',
        labels,
      }),
      redelivered: instruments.counter({
        name: 'messages_redelivered_total',
        help: 'Messages handed back to the server, to be delivered again',
        labels,
      }),
      held: instruments.gauge({
        name: 'messages_held',
        help: 'Messages that wait in this process for their next call, after a failure',
        labels,
      }),
    });
  }

  private countPublishes(): Publishes {
    const labels = ['broker', 'address'] as const;
    const help = 'Messages that a broker has confirmed';
    const published = this.instruments.counter({ name: 'messages_published_total', help, labels });
    const errors = this.instruments.counter({
      name: 'publish_errors_total',
      help: 'Publishes that have failed for good: not written, or not known to be',
      labels,
    });
    return new Publishes({ published, errors });
  }

  private countRebalances(): Observers['rebalanced'] {
    const rebalances = this.instruments.counter({
      name: 'rebalances_total',
      help: 'Times that a Kafka group has given this process its partitions, its first join included',
      labels: ['broker', 'group'],
    });
    return ({ broker, group }: RebalanceTrace) => rebalances.inc({ broker, group });
  }

  private readCounts(): void {
    const { brokers } = this;
    const read = (count: keyof BrokerCounts) => () =>
      countsOf({ handlers: brokers.handlers, health: () => brokers.health() }, count);
    for (const [count, [name, help]] of Object.entries(COUNTS)) {
      this.instruments.counter({ name, help, labels: BY_HANDLER, read: read(count as keyof BrokerCounts) });
    }
    const running = { name: 'handler_calls_in_flight', help: 'Handler calls running now', labels: BY_HANDLER };
    this.instruments.gauge({ ...running, read: read('running') });
    const unsettled = { name: 'messages_unsettled', help: 'Messages taken and not settled yet', labels: BY_HANDLER };
    this.instruments.gauge({ ...unsettled, read: read('unsettled') });
  }

  private readLag(): void {
    const help =
      'Messages that wait for the handler, over all replicas; asked once in 5 s, absent where it is not known';
    const read = () => lagsOf(this.brokers.handlers, this.brokers.lags);
    this.instruments.gauge({ name: 'handler_lag', help, labels: BY_HANDLER, read });
  }

  private readBrokers(): void {
    const read = (is: (status: BrokerHealth['status']) => boolean) => (): readonly Sample<'broker' | 'kind'>[] =>
      this.brokers.health().brokers.map(({ name: broker, kind, status }) => {
        return { labels: { broker, kind }, value: is(status) ? 1 : 0 };
      });
    const up = { name: 'broker_up', help: '1 while the broker is connected', labels: BY_BROKER };
    this.instruments.gauge({ ...up, read: read((status) => status !== 'down') });
    const degraded = {
      name: 'broker_degraded',
      help: '1 while health() gives a reason to look at it',
      labels: BY_BROKER,
    };
    this.instruments.gauge({ ...degraded, read: read((status) => status === 'degraded') });
  }
}
