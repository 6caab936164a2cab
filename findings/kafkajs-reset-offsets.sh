#!/usr/bin/env bash
# What kafkajs's admin.resetOffsets() resets a group to depends on who reads it next; kafkajs itself does not follow it.
#
# Versions: kafkajs 2.2.4, kafka-clients 4.3.1, confluent-kafka 2.15.0 (Python, librdkafka), Kafka 4.3.1.
# Expected: `resetOffsets({ groupId, topic, earliest: true })` makes the group read from the beginning, `earliest: false` from
#           the end, as its documentation says ("resets the consumer group offset to the earliest or latest offset").
# Seen:     no offset is looked up: -2 or -1 is committed as if it was one, and Kafka stores it. kafkajs's consumer takes it for no
#           commit at all: after a reset to the earliest it skips everything (fromBeginning is false by default), after one to the
#           latest and with fromBeginning it reads everything. Java's consumer does the same by its auto.offset.reset. librdkafka
#           goes to the beginning at -2, whatever its auto.offset.reset is, and by its own default at -1. Only admin.setOffsets() with real offsets moves all three alike.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python confluent-kafka==2.15.0
kafka_server_package 4.3.1
cat >groups.mjs <<'EOF'
import kafkajs from 'kafkajs';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer()];
const topic = 'orders';
await admin.connect();
await producer.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
for (const value of ['1', '2', '3']) await producer.send({ topic, messages: [{ value }] });
for (const client of ['kafkajs', 'java', 'librdkafka'])
  for (const reset of ['earliest', 'latest'])
    for (const own of ['earliest', 'latest']) {
      const groupId = `${client}-${reset}-${own}`;
      await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });
      await admin.resetOffsets({ groupId, topic, earliest: reset === 'earliest' });
    }
for (const reset of ['earliest', 'latest']) {
  const [{ partitions }] = await admin.fetchOffsets({ groupId: `kafkajs-${reset}-latest`, topics: [topic] });
  console.log(`stored by a reset to the ${reset}: ${partitions[0].offset}`);
}
await admin.disconnect();
await producer.disconnect();
EOF
cat >reader.mjs <<'EOF'
import kafkajs from 'kafkajs';

// Each group reads until it has the marker, published once the group's position is settled.
const [, , groupId, own] = process.argv;
const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING });
const consumer = kafka.consumer({ groupId });
await consumer.connect();
await consumer.subscribe({ topic: 'orders', fromBeginning: own === 'earliest' });
const seen = [];
const settled = new Promise((resolve) => consumer.on(consumer.events.FETCH, resolve));
const marked = new Promise((resolve) => {
  void consumer.run({
    eachMessage: async ({ message: { value } }) => {
      if (String(value) === groupId) resolve();
      else if (value.length === 1) seen.push(String(value));
    },
  });
});
await settled;
const producer = kafka.producer();
await producer.connect();
await producer.send({ topic: 'orders', messages: [{ value: groupId }] });
await marked;
console.log(seen.join(', ') || 'nothing');
await consumer.disconnect();
await producer.disconnect();
EOF
cat >Reader.java <<'EOF'
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Reader {
  public static void main(String[] args) {
    Map<String, Object> config = Map.of("bootstrap.servers", System.getenv("KAFKA"), "group.id", args[0], "auto.offset.reset", args[1]);
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      consumer.assign(List.of(new TopicPartition("orders", 0)));
      long position = consumer.position(new TopicPartition("orders", 0));
      var seen = new ArrayList<String>();
      while (seen.size() < 3 && position == 0)
        for (var record : consumer.poll(Duration.ofMillis(200))) if (record.value().length() == 1) seen.add(record.value());
      System.out.println(seen.isEmpty() ? "nothing" : String.join(", ", seen));
    }
  }
}
EOF
cat >reader.py <<'EOF'
import os, sys
from confluent_kafka import Consumer, Producer, TopicPartition

group, own = sys.argv[1:]
consumer = Consumer({"bootstrap.servers": os.environ["KAFKA"], "group.id": group, "auto.offset.reset": own, "enable.partition.eof": True})
consumer.assign([TopicPartition("orders", 0)])
seen = []
while True:
    message = consumer.poll(1)
    if message is None:
        continue
    if message.error():
        break  # the end of the partition
    if len(message.value()) == 1:
        seen.append(message.value().decode())
print(", ".join(seen) or "nothing")
consumer.close()
EOF
cat >expected <<'EOF'
stored by a reset to the earliest: -2
stored by a reset to the latest: -1
reset to the earliest, the consumer's own default earliest:
  kafkajs reads 1, 2, 3
  Java reads 1, 2, 3
  librdkafka reads 1, 2, 3
reset to the earliest, the consumer's own default latest:
  kafkajs reads nothing
  Java reads nothing
  librdkafka reads 1, 2, 3
reset to the latest, the consumer's own default earliest:
  kafkajs reads 1, 2, 3
  Java reads 1, 2, 3
  librdkafka reads 1, 2, 3
reset to the latest, the consumer's own default latest:
  kafkajs reads nothing
  Java reads nothing
  librdkafka reads nothing
EOF
start_kafka_server
{
  node groups.mjs
  for reset in earliest latest; do
    for own in earliest latest; do
      echo "reset to the $reset, the consumer's own default $own:"
      echo "  kafkajs reads $(node reader.mjs "kafkajs-$reset-$own" "$own")"
      echo "  Java reads $(java -cp 'kafka/*' Reader.java "java-$reset-$own" "$own")"
      echo "  librdkafka reads $(PYTHONPATH=python python3 reader.py "librdkafka-$reset-$own" "$own")"
    done
  done
} | tee seen
compare
