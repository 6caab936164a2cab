#!/usr/bin/env bash
# Partitions that are added to a topic are not read by @platformatic/kafka's members of a group (classic protocol, its default).
#
# Versions: @platformatic/kafka 2.12.1, kafkajs 2.2.4, Kafka 4.3.1.
# Expected: once its metadata are renewed, a member of the classic protocol sees the new partitions and has the group divide
#           them, as Java's and kafkajs's do.
# Seen:     it does not join again, though it holds metadata with the new partition: what is written there waits until
#           somebody joins or leaves for another reason. It reads on from the others, and its lag of the new one is -1: not its own.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
kafka_server_package 4.3.1
cat >probe.mjs <<'EOF'
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { setTimeout } from 'node:timers/promises';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer({ metadataMaxAge: 200 })];
const topic = 'orders';
await admin.connect();
await producer.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });

const seen = { kafkajs: new Set(), platformatic: new Set() };
const until = async (holds) => {
  while (!(await holds())) await setTimeout(50);
};
const send = async (value, partition) => {
  await producer.send({ topic, messages: [{ value, partition }] });
};

const theirs = kafka.consumer({ groupId: 'kafkajs', metadataMaxAge: 500, heartbeatInterval: 200 });
await theirs.connect();
await theirs.subscribe({ topic, fromBeginning: true });
await theirs.run({ eachMessage: async ({ message }) => void seen.kafkajs.add(String(message.value)) });

const member = () =>
  new Consumer({
    ...{ clientId: 'reader', groupId: 'platformatic', bootstrapBrokers: [process.env.KAFKA], deserializers: stringDeserializers },
    ...{ metadataMaxAge: 500, heartbeatInterval: 200, maxWaitTime: 200 },
  });
const consumer = member();
let heartbeats = 0;
consumer.on('consumer:heartbeat:end', () => heartbeats++);
const read = async (of) => {
  const stream = await of.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: 100 });
  stream.on('data', ({ value }) => seen.platformatic.add(value));
};
await read(consumer);

await send('before', 0);
await until(() => seen.kafkajs.has('before') && seen.platformatic.has('before'));
await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
await setTimeout(1_000);
await send('in the new partition', 1);
await until(() => seen.kafkajs.has('in the new partition'));
console.log('kafkajs has read the new partition');
await until(async () => (await consumer.metadata({ topics: [topic] })).topics.get(topic).partitionsCount === 2);
console.log('@platformatic/kafka has metadata with 2 partitions');
const until50 = heartbeats + 50;
await until(() => heartbeats >= until50);
await send('after', 0);
await until(() => seen.platformatic.has('after'));
console.log(`50 heartbeats later it has read: ${[...seen.platformatic].join(', ')}`);
console.log(`its lag by partition: ${(await consumer.getLag({ topics: [topic] })).get(topic).map((lag, i) => (i === 0 ? 'known' : lag)).join(', ')}`);
const second = member();
await read(second);
await until(() => seen.platformatic.has('in the new partition'));
console.log('once a second member has joined, it is read');
for (const each of [consumer, second]) await each.close(true);
await theirs.disconnect();
await admin.disconnect();
await producer.disconnect();
EOF
cat >expected <<'EOF'
kafkajs has read the new partition
@platformatic/kafka has metadata with 2 partitions
50 heartbeats later it has read: before, after
its lag by partition: known, -1
once a second member has joined, it is read
EOF
start_kafka_server
./node_modules/.bin/node probe.mjs | tee seen
compare
