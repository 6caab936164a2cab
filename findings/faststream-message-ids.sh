#!/usr/bin/env bash
# FastStream's `message_id` is one id for several messages, on Kafka and on NATS, or another at each delivery of one.
#
# Versions: faststream 0.7.8 (with aiokafka 0.14.0, nats-py 2.16.0), Kafka 4.3.1, nats-server 2.15.1.
# Expected: `message.message_id` tells messages apart, and a redelivered one is known by it: handlers, middlewares and traces
#           (messaging.message.id) go by it.
# Seen:     on Kafka it is offset and timestamp, without the partition: the first records of three partitions, of one
#           millisecond, have one id. On NATS it is the correlation id, where no header names another: the two messages of one
#           flow are one. Without a correlation id, as any other client publishes, each delivery gets a random one: a
#           message that its handler nacks twice has three. Whoever drops repeats by it loses messages, or drops none.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python 'faststream[kafka,nats]==0.7.8' aiokafka==0.14.0 nats-py==2.16.0
kafka_server_package 4.3.1
nats_server_package 2.15.1
cat >probe.py <<'EOF'
import asyncio, logging, os
import nats
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.nats import JStream, NatsBroker
from faststream.nats.annotations import NatsMessage

logging.disable()  # aiokafka's, while the server starts


async def topic_of_three_partitions():
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KAFKA"])
        try:
            await admin.start()
            await admin.create_topics([NewTopic("orders", 3, 1)])
            return await admin.close()
        except Exception:  # until the server is there
            await admin.close()
            await asyncio.sleep(0.5)


async def on_kafka():
    await topic_of_three_partitions()
    broker, ids = KafkaBroker(os.environ["KAFKA"], logger=None), {}

    @broker.subscriber("orders", auto_offset_reset="earliest")
    async def handle(body: str, message: KafkaMessage):
        ids[body] = message.message_id

    await broker.start()
    for partition in range(3):
        await broker.publish(f"order {partition}", "orders", partition=partition, timestamp_ms=1767225600000)
    while len(ids) < 3:
        await asyncio.sleep(0.05)
    await broker.stop()
    print(f"Kafka: {len(ids)} records, ids {sorted(set(ids.values()))}")


async def on_jetstream():
    url = f"nats://127.0.0.1:{os.environ['PORT']}"
    broker, ids = NatsBroker(url, logger=None), {}

    @broker.subscriber("orders", durable="orders", stream=JStream("ORDERS", subjects=["orders"]))
    async def handle(body: str, message: NatsMessage):
        ids.setdefault(body, []).append(message.message_id)
        await (message.nack() if len(ids[body]) < 3 else message.ack())

    await broker.start()
    for body in ("created", "paid"):
        await broker.publish(body, "orders", stream="ORDERS", correlation_id="order 7")
    other = await nats.connect(url)
    await other.jetstream().publish("orders", b"sent")
    while sum(map(len, ids.values())) < 9:
        await asyncio.sleep(0.05)
    await other.close()
    await broker.stop()
    print(f"JetStream: 2 messages of one flow, 6 deliveries, ids {sorted({*ids['created'], *ids['paid']})}")
    print(f"JetStream: 1 message without a correlation id, 3 deliveries, {len({*ids['sent']})} ids")


asyncio.run(on_kafka())
asyncio.run(on_jetstream())
EOF
cat >expected <<'EOF'
Kafka: 3 records, ids ['0-1767225600000']
JetStream: 2 messages of one flow, 6 deliveries, ids ['order 7']
JetStream: 1 message without a correlation id, 3 deliveries, 3 ids
EOF
start_nats_server
nats=$server
start_kafka_server
trap 'kill "$server" "$nats" 2>/dev/null || true; rm -rf "$dir"' EXIT
PYTHONPATH=python python3 -W ignore probe.py | tee seen
compare
