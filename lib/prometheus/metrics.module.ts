import { type DynamicModule, Module, type ValueProvider } from '@nestjs/common';
import { observedBrokers } from '../lifecycle/index.js';
import { METRICS_OPTIONS, MultiBrokerMetrics } from './metrics.js';
import type { MultiBrokerMetricsOptions } from './options.js';

/**
 * Metrics of all brokers and handlers in a registry of `prom-client`, from the start of the application to its end. It
 * serves no path: a controller of yours answers with `registry.metrics()`.
 */
@Module({ providers: [observedBrokers, options({}), MultiBrokerMetrics] })
export class MultiBrokerMetricsModule {
  /** @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID while Nest creates its providers */
  static forRoot(given: MultiBrokerMetricsOptions = {}): DynamicModule {
    return { module: MultiBrokerMetricsModule, providers: [options(given)] };
  }
}

/** Nest uses the later of two providers of one token: that of `forRoot()`. */
function options(given: MultiBrokerMetricsOptions): ValueProvider<MultiBrokerMetricsOptions> {
  return { provide: METRICS_OPTIONS, useValue: given };
}
