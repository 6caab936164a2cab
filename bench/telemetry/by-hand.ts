import { context, metrics, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('by-hand');
const meter = metrics.getMeter('by-hand');
const processed = meter.createHistogram('messaging.process.duration', { unit: 's' });
const sent = meter.createHistogram('messaging.client.operation.duration', { unit: 's' });

const shared = {
  'messaging.destination.name': 'orders',
  'messaging.consumer.group.name': 'library',
  'server.address': '127.0.0.1',
  'server.port': 9092,
  'multi_broker.broker': 'orders',
  'multi_broker.handler': 'Bridge.forward',
};
const process = {
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'process',
  'messaging.operation.type': 'process',
  ...shared,
};
const send = {
  'messaging.system.name': 'nats',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
  ...shared,
};

/**
 * The same two spans and two durations of a message as the library makes, written in the handler with nothing but
 * OpenTelemetry's API: what of the cost is that of its SDK. The spans end when the handler does, and headers go nowhere.
 */
export async function observedByHand<T>(number: number, work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const parent = propagation.extract(ROOT_CONTEXT, {});
  const consumer = tracer.startSpan(
    'process orders',
    { kind: SpanKind.CONSUMER, attributes: { ...process, ...ofMessage(number) } },
    parent,
  );
  const within = trace.setSpan(parent, consumer);
  const result = await context.with(within, work);
  const producer = tracer.startSpan(
    'send events',
    { kind: SpanKind.PRODUCER, attributes: { ...send, ...ofMessage(number) } },
    within,
  );
  propagation.inject(trace.setSpan(within, producer), {});
  producer.end();
  consumer.end();
  const seconds = (performance.now() - since) / 1_000;
  processed.record(seconds, process);
  sent.record(seconds, send);
  return result;
}

/** As many as the library's, each another one. */
function ofMessage(number: number): Record<string, string | number> {
  const position = `orders[0]@${String(number)}`;
  return {
    'messaging.message.id': position,
    'messaging.message.conversation_id': position,
    'messaging.message.body.size': 200,
    'messaging.destination.partition.id': '0',
    'kafka.offset': number,
    'kafka.message.key': `key-${String(number)}`,
    'multi_broker.message.position': position,
  };
}
