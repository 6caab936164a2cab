#!/usr/bin/env bash
# OpenTelemetry's instrumentations write into the headers they are handed: what several messages share is the trace of one.
#
# Versions: @opentelemetry/instrumentation-kafkajs 0.32.0 with sdk-trace-node 2.12.1, kafkajs 2.2.4;
#           opentelemetry-instrumentation-aiokafka and -confluent-kafka 0.66b1 with opentelemetry-sdk 1.45.1, aiokafka 0.14.0,
#           confluent-kafka 2.15.0 (Python); Kafka 4.3.1.
# Expected: `const headers = { 'content-type': 'application/json' }`, once for all that a service sends, is left as it is by its
#           producer and by what traces it: each record carries the span of its own, and the baggage of its own request.
# Seen:     each send injects into the object or list itself. kafkajs encodes its records later: those of one batch all carry the
#           last one's span, two requests at a time both the second one's trace and baggage, and as only what there is to
#           inject is replaced, who has no baggage sends on that of whoever had some before. The two for Python append:
#           the list, and so every record, grows by a `traceparent` with each send, a thousandth record has 66 kB of headers,
#           and whoever reads by aiokafka, whose instrumentation takes the first, continues the first send's trace each time.
#           (Datadog's tracer stopped doing so in dd-trace-js #8388; of OpenTelemetry's no report was found.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4 @opentelemetry/api@1.9.1 @opentelemetry/sdk-trace-node@2.12.1 @opentelemetry/instrumentation@0.223.0 @opentelemetry/instrumentation-kafkajs@0.32.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python aiokafka==0.14.0 confluent-kafka==2.15.0 \
  opentelemetry-instrumentation-aiokafka==0.66b1 opentelemetry-instrumentation-confluent-kafka==0.66b1 opentelemetry-sdk==1.45.1
kafka_server_package 4.3.1
cat >probe.cjs <<'EOF'
const { NodeTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs');
const { context, propagation, trace } = require('@opentelemetry/api');

const spans = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();
registerInstrumentations({ instrumentations: [new KafkaJsInstrumentation()] });
const { Kafka, logLevel } = require('kafkajs');
const kafka = new Kafka({ brokers: [process.env.KAFKA], logLevel: logLevel.NOTHING, retry: { retries: 90, maxRetryTime: 1_000 } });
const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: 'reader' })];
const tracer = trace.getTracer('finding');
const request = (name, baggage, run) => {
  const entries = propagation.createBaggage(baggage && { user: { value: baggage } });
  return context.with(propagation.setBaggage(context.active(), entries), () =>
    tracer.startActiveSpan(name, (span) => run().finally(() => span.end())));
};
const one = (key, headers) => () => producer.send({ topic: 'orders', messages: [{ key, value: '{}', headers }] });
const batch = (keys, headers) => () =>
  producer.send({ topic: 'orders', messages: keys.map((key) => ({ key, value: '{}', headers: headers() })) });

(async () => {
  await admin.connect();
  await admin.createTopics({ topics: ['orders', 'aiokafka', 'confluent'].map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
  await producer.connect();
  await request('own headers', '', batch(['a', 'b', 'c'], () => ({ 'content-type': 'application/json' })));
  const of = { 'content-type': 'application/json' };
  await request('shared headers', '', batch(['d', 'e', 'f'], () => of));
  const ours = { 'content-type': 'application/json' };
  await Promise.all([request("alice's", 'alice', one('g', ours)), request("bob's", 'bob', one('h', ours))]);
  await request('nobody', '', one('i', ours));
  const records = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  await new Promise((resolve) => void consumer.run({
    eachMessage: async ({ message }) => records.push(message) === 9 && resolve(),
  }));
  await consumer.disconnect();
  await producer.disconnect();
  await admin.disconnect();
  const sent = spans.getFinishedSpans().filter(({ name }) => name === 'send orders');
  const by = (traceparent) => sent.find((span) => span.spanContext().spanId === `${traceparent}`.split('-')[2]).attributes;
  for (const { key, headers } of records.sort((a, b) => `${a.key}`.localeCompare(`${b.key}`))) {
    const spanOf = by(headers.traceparent)['messaging.kafka.message.key'];
    console.log(`kafkajs, record ${key}: span of ${spanOf}, baggage ${headers.baggage ?? 'none'}`);
  }
})();
EOF
cat >probe.py <<'EOF'
import asyncio, os
import confluent_kafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from opentelemetry import trace
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
AIOKafkaInstrumentor().instrument()
ConfluentKafkaInstrumentor().instrument()
kafka = {"bootstrap_servers": os.environ["KAFKA"]}
SENT = 1000


async def read(topic):
    consumer = AIOKafkaConsumer(topic, auto_offset_reset="earliest", **kafka)
    await consumer.start()
    records = [await consumer.getone() for _ in range(SENT)]
    await consumer.stop()
    return records


async def by_aiokafka(headers):
    producer = AIOKafkaProducer(**kafka)
    await producer.start()
    for _ in range(SENT):
        await producer.send_and_wait("aiokafka", b"{}", headers=headers)
    await producer.stop()


async def by_confluent(headers):
    producer = confluent_kafka.Producer({"bootstrap.servers": os.environ["KAFKA"]})
    for _ in range(SENT):
        producer.produce("confluent", b"{}", headers=headers)
        producer.poll(0)
    producer.flush()


async def main():
    for topic, sender in (("aiokafka", by_aiokafka), ("confluent", by_confluent)):
        spans.clear()
        headers = [("content-type", b"application/json")]
        await sender(headers)
        sent = [span.context.span_id for span in spans.get_finished_spans()]
        records = await read(topic)
        for at in (0, 1, SENT - 1):
            count = [name for name, _ in records[at].headers].count("traceparent")
            size = sum(len(name) + len(value) for name, value in records[at].headers)
            print(f"{topic}, record {at + 1}: {count} traceparent, {size} bytes of headers")
        readers = [span.parent.span_id for span in spans.get_finished_spans() if span.name == f"{topic} receive"]
        print(f"{topic}, spans of {len(readers)} reads: parents are the sends of {sorted({sent.index(id) + 1 for id in readers})}")


asyncio.run(main())
EOF
cat >expected <<'EOF'
kafkajs, record a: span of a, baggage none
kafkajs, record b: span of b, baggage none
kafkajs, record c: span of c, baggage none
kafkajs, record d: span of f, baggage none
kafkajs, record e: span of f, baggage none
kafkajs, record f: span of f, baggage none
kafkajs, record g: span of h, baggage user=bob
kafkajs, record h: span of h, baggage user=bob
kafkajs, record i: span of i, baggage user=bob
aiokafka, record 1: 1 traceparent, 94 bytes of headers
aiokafka, record 2: 2 traceparent, 160 bytes of headers
aiokafka, record 1000: 1000 traceparent, 66028 bytes of headers
aiokafka, spans of 1000 reads: parents are the sends of [1]
confluent, record 1: 1 traceparent, 94 bytes of headers
confluent, record 2: 2 traceparent, 160 bytes of headers
confluent, record 1000: 1000 traceparent, 66028 bytes of headers
confluent, spans of 1000 reads: parents are the sends of [1]
EOF
start_kafka_server
{
  node probe.cjs
  PYTHONPATH=python python3 -W ignore probe.py
} | tee seen
compare
