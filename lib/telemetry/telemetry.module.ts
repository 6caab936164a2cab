import { type DynamicModule, Module } from '@nestjs/common';
import { type MultiBroker } from '../driver/index.js';
import { OBSERVED_BROKERS, observedBrokers } from '../lifecycle/index.js';
import { refuseUnknownOptions, resolveTelemetryOptions, type TelemetryOptions } from './options.js';
import { Telemetry } from './telemetry.js';

/**
 * Makes spans and metrics of all messages of an application, with the SDK of OpenTelemetry that the process has
 * registered; without one it does nothing.
 *
 * Messages carry the context of their spans in the headers of the registered propagator, `traceparent` and `tracestate`
 * by default, and handlers run with their span active.
 */
@Module({})
export class TelemetryModule {
  /**
   * Import it once, in the module that imports `MultiBrokerModule.forRoot()`.
   *
   * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID
   */
  static forRoot(options: TelemetryOptions = {}): DynamicModule {
    refuseUnknownOptions(options);
    const resolved = resolveTelemetryOptions(options);
    const useFactory = (multiBroker: MultiBroker): Telemetry => Telemetry.of(multiBroker, resolved);
    const telemetry = { provide: Telemetry, inject: [OBSERVED_BROKERS], useFactory };
    return { module: TelemetryModule, providers: [observedBrokers, telemetry] };
  }
}
