// Loaded before the application: `node -r ./otel.cjs`, or by `--import` after the loader hook of ES modules.
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const sdk = new NodeSDK({
  autoDetectResources: false,
  spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter())],
  instrumentations: [new HttpInstrumentation(), new KafkaJsInstrumentation()],
});
sdk.start();

process.once('SIGUSR2', () => void sdk.shutdown().then(() => process.exit(0)));
