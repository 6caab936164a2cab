#!/usr/bin/env bash
# A record that @platformatic/kafka is told to send to a partition which the topic does not have goes to another one.
#
# Versions: @platformatic/kafka 2.12.1, Kafka 4.3.1.
# Expected: the send is refused, or waits for the partition, as Java's does until max.block.ms; nothing is written.
# Seen:     the number is taken modulo the number of partitions, as the hash is that a partitioner returns, and the send resolves:
#           of a topic that has 2, partition 7 is 1 and partition 2 is 0. Only the offsets in the result tell; a record for a
#           partition that was not added yet, or of another topic's numbering, stands among others, out of its order.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
kafka_server_package 4.3.1
cat >probe.mjs <<'EOF'
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 2 }], waitForLeaders: true });
await admin.disconnect();

const producer = new Producer({ clientId: 'writer', bootstrapBrokers: [process.env.KAFKA], serializers: stringSerializers });
const send = async (value, message, options) => {
  const { offsets } = await producer.send({ messages: [{ topic: 'orders', value, ...message }], acks: -1, ...options });
  return offsets.map(({ partition, offset }) => `partition ${partition}, offset ${offset}`);
};
console.log(`sent to partition 7: resolved, ${await send('for 7', { partition: 7 })}`);
console.log(`sent to partition 2: resolved, ${await send('for 2', { partition: 2 })}`);
console.log(`partitioner returns 5: resolved, ${await send('for 5', {}, { partitioner: () => 5 })}`);
await producer.close();

const consumer = new Consumer({ clientId: 'reader', groupId: 'readers', bootstrapBrokers: [process.env.KAFKA], deserializers: stringDeserializers });
const stream = await consumer.consume({ topics: ['orders'], mode: 'earliest' });
const read = [];
for await (const { partition, offset, value } of stream)
  if (read.push(`read from partition ${partition}, offset ${offset}: ${value}`) === 3) break;
console.log(read.sort().join('\n'));
await consumer.close(true);
EOF
cat >expected <<'EOF'
sent to partition 7: resolved, partition 1, offset 0
sent to partition 2: resolved, partition 0, offset 0
partitioner returns 5: resolved, partition 1, offset 1
read from partition 0, offset 0: for 2
read from partition 1, offset 0: for 7
read from partition 1, offset 1: for 5
EOF
start_kafka_server
./node_modules/.bin/node probe.mjs | tee seen
compare
