#!/usr/bin/env bash
# On a topic that is stamped by the broker, @platformatic/kafka's messages have the time of the producer's clock.
#
# Versions: @platformatic/kafka 2.12.1, kafkajs 2.2.4, kafka-clients 4.3.1, Kafka 4.3.1.
# Expected: with message.timestamp.type=LogAppendTime the `timestamp` of each record is when the broker appended it; whoever sets
#           this does so because producers' clocks cannot be trusted.
# Seen:     kafkajs and Java read the broker's time, @platformatic/kafka the one that the producer wrote, as if the topic were of
#           CreateTime: the broker leaves that in the records, and says by a bit of the batch that its own holds. Retention and
#           lookups by time go by the broker's: a replay from the `timestamp` of a message whose producer's clock was a day ahead
#           finds nothing at all, one from that of a message whose clock was a day behind begins at the topic's first record. (kafkajs
#           had the same, tulios/kafkajs #768, and has been cured since 2020; of this client no report was found.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
kafka_server_package 4.3.1
cat >Read.java <<'EOF'
import java.util.*;
import java.time.Duration;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

class Read {
  public static void main(String[] args) {
    var config = Map.<String, Object>of("bootstrap.servers", args[0]);
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      var partition = new TopicPartition("orders", 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      for (int left = 3; left > 0; )
        for (var record : consumer.poll(Duration.ofSeconds(5))) {
          System.out.println(record.value() + " " + record.timestamp());
          left--;
        }
    }
  }
}
EOF
cat >probe.mjs <<'EOF'
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { execFileSync } from 'node:child_process';

const brokers = [process.env.KAFKA];
const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 90, maxRetryTime: 1_000 } });
const admin = kafka.admin();
await admin.connect();
const topic = 'orders';
const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });

const DAY = 86_400_000;
const now = Date.now();
const producer = kafka.producer();
await producer.connect();
for (const [value, timestamp] of [['right', now], ['ahead', now + DAY], ['behind', now - DAY]]) {
  await producer.send({ topic, messages: [{ value, timestamp: String(timestamp) }] });
  await new Promise((resolve) => setTimeout(resolve, 50)); // each has a millisecond of its own
}
await producer.disconnect();

const times = { kafkajs: {}, java: {}, platformatic: {} };
const reader = kafka.consumer({ groupId: 'by-kafkajs' });
await reader.connect();
await reader.subscribe({ topic, fromBeginning: true });
await new Promise((resolve) => {
  const eachMessage = async ({ message }) => {
    times.kafkajs[message.value] = Number(message.timestamp);
    if (message.offset === '2') resolve();
  };
  reader.run({ eachMessage });
});
await reader.disconnect();
for (const line of execFileSync('java', ['-cp', 'kafka/*', 'Read.java', ...brokers], { encoding: 'utf8' }).trim().split('\n')) {
  const [value, timestamp] = line.split(' ');
  times.java[value] = Number(timestamp);
}
const consumer = new Consumer({ clientId: 'reader', groupId: 'by-platformatic', bootstrapBrokers: brokers, deserializers: stringDeserializers });
for await (const message of await consumer.consume({ topics: [topic], mode: 'earliest' })) {
  times.platformatic[message.value] = Number(message.timestamp);
  if (message.offset === 2n) break;
}
await consumer.close(true);

const days = (time) => `${((time - now) / DAY).toFixed(0).replace('-0', '0')} days`;
for (const value of ['right', 'ahead', 'behind']) {
  console.log(`clock ${value}: by kafkajs ${days(times.kafkajs[value])}, by Java ${days(times.java[value])}, by platformatic ${days(times.platformatic[value])}`);
}
const replay = async (client, value) => {
  const [{ offset }] = await admin.fetchTopicOffsetsByTimestamp(topic, times[client][value]);
  return `a replay from the time of "${value}" by ${client} begins at offset ${offset}`;
};
for (const client of ['kafkajs', 'platformatic']) for (const value of ['ahead', 'behind']) console.log(await replay(client, value));
await admin.disconnect();
EOF
cat >expected <<'EOF'
clock right: by kafkajs 0 days, by Java 0 days, by platformatic 0 days
clock ahead: by kafkajs 0 days, by Java 0 days, by platformatic 1 days
clock behind: by kafkajs 0 days, by Java 0 days, by platformatic -1 days
a replay from the time of "ahead" by kafkajs begins at offset 1
a replay from the time of "behind" by kafkajs begins at offset 2
a replay from the time of "ahead" by platformatic begins at offset 3
a replay from the time of "behind" by platformatic begins at offset 0
EOF
start_kafka_server
./node_modules/.bin/node probe.mjs | tee seen
compare
