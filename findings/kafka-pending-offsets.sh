#!/usr/bin/env bash
# A consumer that takes over a partition while a transaction holds its offsets handles the records again, with three clients of five.
#
# Versions: kafkajs 2.2.4, @platformatic/kafka 2.12.1, aiokafka 0.14.0, confluent-kafka 2.15.0 (librdkafka), kafka-clients 4.3.1,
#           Kafka 4.3.1.
# Expected: a pipeline that commits its offsets with its results (sendOffsets, then commit) handles each record exactly once: a
#           member that gets the partition before the commit begins behind the offsets, or waits to know whether they hold.
# Seen:     Java's and librdkafka's consumers wait for the end of the transaction and begin at the second record. Those of kafkajs,
#           @platformatic/kafka and aiokafka, reading what is committed, begin at once with the first, and the open transaction
#           commits beside them: its record is handled twice, the results of both stand. They never ask for stable offsets
#           (KIP-447, `require_stable`); no option of theirs does.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4 @platformatic/kafka@2.12.1 node@22.23.3
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python aiokafka==0.14.0 confluent-kafka==2.15.0
kafka_server_package 4.3.1
printf '%s\n' transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 transaction.state.log.num.partitions=1 >>kafka.properties
cat >kafkajs.mjs <<'EOF'
import kafkajs from 'kafkajs';

const topic = process.argv[2];
const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: topic, readUncommitted: false });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => console.log(String(message.value)) });
EOF
cat >platformatic.mjs <<'EOF'
import { Consumer } from '@platformatic/kafka';

const topic = process.argv[2];
const consumer = new Consumer({ clientId: 'reader', groupId: topic, bootstrapBrokers: [process.env.KAFKA], isolationLevel: 'READ_COMMITTED' });
const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: false });
stream.on('data', ({ value }) => console.log(String(value)));
EOF
cat >aio.py <<'EOF'
import asyncio, os, sys
from aiokafka import AIOKafkaConsumer


async def main():
    options = {"isolation_level": "read_committed", "auto_offset_reset": "earliest", "enable_auto_commit": False}
    consumer = AIOKafkaConsumer(sys.argv[1], group_id=sys.argv[1], bootstrap_servers=os.environ["KAFKA"], **options)
    await consumer.start()
    async for record in consumer:
        print(record.value.decode(), flush=True)


asyncio.run(main())
EOF
cat >rd.py <<'EOF'
import os, sys
from confluent_kafka import Consumer

options = {"isolation.level": "read_committed", "auto.offset.reset": "earliest", "enable.auto.commit": False}
consumer = Consumer({"bootstrap.servers": os.environ["KAFKA"], "group.id": sys.argv[1], **options})
consumer.subscribe([sys.argv[1]])
while True:
    record = consumer.poll(1)
    if record is not None and not record.error():
        print(record.value().decode(), flush=True)
EOF
cat >Reader.java <<'EOF'
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Reader {
  public static void main(String[] args) {
    Map<String, Object> config = Map.of("bootstrap.servers", System.getenv("KAFKA"), "group.id", args[0], "isolation.level",
        "read_committed", "auto.offset.reset", "earliest", "enable.auto.commit", false);
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(args[0]));
      while (true) for (var record : consumer.poll(Duration.ofMillis(200))) System.out.println(record.value());
    }
  }
}
EOF
cat >probe.mjs <<'EOF'
import kafkajs from 'kafkajs';
import { spawn } from 'node:child_process';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 90, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer()];
await admin.connect();
await producer.connect();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (what) => {
  while (!(await what())) await sleep(100);
};
const readers = {
  kafkajs: ['node', 'kafkajs.mjs'],
  '@platformatic/kafka': ['node', 'platformatic.mjs'],
  aiokafka: ['python3', 'aio.py'],
  librdkafka: ['python3', 'rd.py'],
  Java: ['java', '-XX:TieredStopAtLevel=1', '-cp', 'kafka/*', 'Reader.java'],
};
/** For the reader that waits: long after the others have read. */
const WAITED_MS = 5_000;

for (const [name, [command, ...args]] of Object.entries(readers)) {
  const topic = name.replace(/\W/g, '');
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await producer.send({ topic, messages: [{ value: 'first' }, { value: 'second' }] });
  await admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '0' }] });
  // The member before has handled the first record, and is about to commit.
  const before = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 300_000 });
  await before.connect();
  const transaction = await before.transaction();
  await transaction.sendOffsets({ consumerGroupId: topic, topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }] });

  const reader = spawn(command, [...args, topic], { stdio: ['ignore', 'pipe', 'inherit'] });
  let read = '';
  reader.stdout.setEncoding('utf8').on('data', (text) => void (read += text));
  const state = async () => (await admin.describeGroups([topic])).groups[0].state;
  await until(async () => (await state()) === 'Stable');
  await sleep(WAITED_MS);
  const early = read.split('\n')[0] || 'nothing';
  const end = await transaction.commit().then(() => 'committed', (error) => error.message);
  await until(() => read.includes('second'));
  console.log(`${name}: reads ${early} while the transaction is open, which is then ${end}; begins with: ${read.split('\n')[0]}`);
  reader.kill();
  await before.disconnect();
}
await producer.disconnect();
await admin.disconnect();
EOF
cat >expected <<'EOF'
kafkajs: reads first while the transaction is open, which is then committed; begins with: first
@platformatic/kafka: reads first while the transaction is open, which is then committed; begins with: first
aiokafka: reads first while the transaction is open, which is then committed; begins with: first
librdkafka: reads nothing while the transaction is open, which is then committed; begins with: second
Java: reads nothing while the transaction is open, which is then committed; begins with: second
EOF
start_kafka_server
PATH="$dir/node_modules/node/bin:$dir/node_modules/.bin:$PATH" PYTHONPATH=python node probe.mjs | tee seen
compare
