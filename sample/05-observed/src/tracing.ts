import { SpanKind } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';

/** A line for each span. OpenTelemetry's own console exporter takes thirty. */
class SpanLines implements SpanExporter {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    for (const span of spans) console.log(lineOf(span));
    done({ code: 0 });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function lineOf(span: ReadableSpan): string {
  const { name, kind, attributes, events } = span;
  const { traceId } = span.spanContext();
  const handler = attributes['multi_broker.handler'];
  const by = typeof handler === 'string' ? ` by ${handler}` : '';
  const thrown = events.some((event) => event.name === 'exception') ? ', which threw' : '';
  return `[trace ${traceId.slice(0, 8)}] ${SpanKind[kind]} ${name}${by}${thrown}`;
}

/** Has to be called before Nest starts. With OTEL_EXPORTER_OTLP_ENDPOINT spans go there, such as to Jaeger. */
export function startTracing(): NodeTracerProvider {
  const remote = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined;
  const processor = remote ? new BatchSpanProcessor(new OTLPTraceExporter()) : new SimpleSpanProcessor(new SpanLines());
  const provider = new NodeTracerProvider({ spanProcessors: [processor] });
  provider.register();
  return provider;
}
