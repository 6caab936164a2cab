import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import type { MultiBroker } from '../driver/index.js';
import { ManagedMultiBroker } from '../lifecycle/index.js';
import { SCHEMA_URL, SCOPE } from './conventions.js';
import { DeliverySpans } from './delivery-spans.js';
import { Gauges } from './gauges.js';
import { HandledAttributes } from './handled-attributes.js';
import { Instruments } from './instruments.js';
import { KnownSpans } from './known-spans.js';
import type { ResolvedTelemetryOptions } from './options.js';
import { SendSpans } from './send-spans.js';
import { SentAttributes } from './sent-attributes.js';

/** The telemetry of one application. */
export class Telemetry implements OnApplicationBootstrap, OnApplicationShutdown {
  private constructor(
    private readonly gauges?: Gauges,
    private readonly instruments?: Instruments,
  ) {}

  /** Begins before anything connects. An application has it once; a mock of `MultiBroker` has none. */
  static of(multiBroker: MultiBroker, options: ResolvedTelemetryOptions): Telemetry {
    if (!(multiBroker instanceof ManagedMultiBroker)) return new Telemetry();
    const tracer = trace.getTracerProvider().getTracer(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
    const instruments = new Instruments();
    const known = new KnownSpans();
    const { serverOf } = multiBroker;
    const handled = new HandledAttributes(serverOf, options);
    const deliveries = new DeliverySpans(tracer, instruments, handled, known);
    const sends = new SendSpans(tracer, instruments, new SentAttributes(serverOf, options), known);
    const isFirst = multiBroker.instrument({ deliveries, sends });
    return isFirst
      ? new Telemetry(new Gauges(multiBroker, options.lag, instruments.tell), instruments)
      : new Telemetry();
  }

  onApplicationBootstrap(): void {
    this.gauges?.start();
  }

  /** Other modules may publish after it. */
  onApplicationShutdown(): void {
    this.gauges?.stop();
    this.instruments?.end();
  }
}
