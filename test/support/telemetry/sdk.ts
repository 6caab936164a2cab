import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { OtlpReceiver } from './otlp-receiver.js';

/** OpenTelemetry's own SDK, registered for this process, and a collector that it exports to. */
export class TestSdk {
  private constructor(
    readonly receiver: OtlpReceiver,
    private readonly traces: NodeTracerProvider,
    private readonly meters: MeterProvider,
  ) {}

  static async start(): Promise<TestSdk> {
    const receiver = await OtlpReceiver.start();
    const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
    const traces = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    traces.register();
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics` }),
      exportIntervalMillis: 3_600_000,
    });
    const meters = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(meters);
    return new TestSdk(receiver, traces, meters);
  }

  /** What has ended, and the metrics of now, have arrived. */
  async flush(): Promise<OtlpReceiver> {
    await Promise.all([this.traces.forceFlush(), this.meters.forceFlush()]);
    return this.receiver;
  }

  async stop(): Promise<void> {
    await Promise.all([this.traces.shutdown(), this.meters.shutdown()]);
    for (const api of [trace, metrics, propagation, context]) api.disable();
    await this.receiver.close();
  }
}
