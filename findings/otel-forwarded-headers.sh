#!/usr/bin/env bash
# A service on aiokafka that forwards records with their headers is left out of its trace, or the trace ends with it.
#
# Versions: opentelemetry-instrumentation-aiokafka 0.66b1 with opentelemetry-sdk 1.45.1, aiokafka 0.14.0 (Python);
#           @opentelemetry/instrumentation-kafkajs 0.32.0 with sdk-trace-node 2.12.1, kafkajs 2.2.4; Kafka 4.3.1.
# Expected: what is sent within a span carries that span, whatever stood in the headers before, as with kafkajs, whose
#           instrumentation replaces it: the next consumer's span is a child of the forwarder's.
# Seen:     aiokafka's appends a second `traceparent` behind the one that was read. Its own consumers take the first: their
#           parent is the span before the forwarder, which has no children. kafkajs gives both as an array, which its
#           instrumentation makes one text of: no trace context at all, and a new trace begins behind the forwarder.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4 @opentelemetry/api@1.9.1 @opentelemetry/sdk-trace-node@2.12.1 @opentelemetry/instrumentation@0.223.0 @opentelemetry/instrumentation-kafkajs@0.32.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python aiokafka==0.14.0 opentelemetry-instrumentation-aiokafka==0.66b1 opentelemetry-sdk==1.45.1
kafka_server_package 4.3.1
cat >topics.mjs <<'EOF'
import kafkajs from 'kafkajs';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 90, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer()];
await admin.connect();
await admin.createTopics({ topics: ['orders', 'invoices'].map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
await producer.connect();
// Of the first producer, whose span this is.
const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tenant: 'x' };
await producer.send({ topic: 'orders', messages: [{ value: 'order', headers }] });
await producer.disconnect();
await admin.disconnect();
EOF
cat >forward.py <<'EOF'
import asyncio, json, os
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from opentelemetry import propagate, trace
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
AIOKafkaInstrumentor().instrument()
kafka = {"bootstrap_servers": os.environ["KAFKA"]}


async def read(topic):
    consumer = AIOKafkaConsumer(topic, auto_offset_reset="earliest", **kafka)
    await consumer.start()
    record = await consumer.getone()
    await consumer.stop()
    return record


async def main():
    record = await read("orders")
    context = propagate.extract({name: value.decode() for name, value in record.headers})
    producer = AIOKafkaProducer(**kafka)
    await producer.start()
    # list(), as its producer refuses the tuple that its consumer hands over
    with trace.get_tracer("forwarder").start_as_current_span("forward", context):
        await producer.send_and_wait("invoices", record.value, headers=list(record.headers))
    await producer.stop()
    forwarded = await read("invoices")
    named = {span.name: span for span in spans.get_finished_spans()}
    sent = named["invoices send"].context.span_id
    names = {sent: "the forwarder's", int("b" * 16, 16): "the first producer's"}
    reader = named["invoices receive"]
    print(json.dumps({
        "sent": f"{sent:016x}",
        "traceparents": [name for name, _ in forwarded.headers].count("traceparent"),
        "parent": names.get(reader.parent and reader.parent.span_id, "none, a new trace"),
    }))


asyncio.run(main())
EOF
cat >read.cjs <<'EOF'
const { NodeTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs');

const spans = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();
registerInstrumentations({ instrumentations: [new KafkaJsInstrumentation()] });
const { Kafka, logLevel } = require('kafkajs');

(async () => {
  const { sent, traceparents, parent } = JSON.parse(require('node:fs').readFileSync('forwarded', 'utf8'));
  const consumer = new Kafka({ brokers: [process.env.KAFKA], logLevel: logLevel.NOTHING }).consumer({ groupId: 'reader' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'invoices', fromBeginning: true });
  await new Promise((resolve) => void consumer.run({ eachMessage: async () => resolve() }));
  await consumer.disconnect();
  const { parentSpanContext } = spans.getFinishedSpans().find(({ name }) => name === 'process invoices');
  const names = { [sent]: "the forwarder's", ['b'.repeat(16)]: "the first producer's" };
  console.log(`traceparent headers of the forwarded record: ${traceparents}`);
  console.log(`parent of the span that reads it, by aiokafka: ${parent}`);
  console.log(`parent of the span that reads it, by kafkajs: ${names[parentSpanContext?.spanId] ?? 'none, a new trace'}`);
})();
EOF
cat >expected <<'EOF'
traceparent headers of the forwarded record: 2
parent of the span that reads it, by aiokafka: the first producer's
parent of the span that reads it, by kafkajs: none, a new trace
EOF
start_kafka_server
node topics.mjs
PYTHONPATH=python python3 -W ignore forward.py >forwarded
node read.cjs | tee seen
compare
