#!/usr/bin/env bash
# @platformatic/kafka hands over records of an aborted transaction where one fetch does not bring all of it.
#
# Versions: @platformatic/kafka 2.12.1 on Node 22.23.3, kafkajs 2.2.4 (which writes the transaction, and reads it beside), Kafka 4.3.1.
# Expected: a consumer that reads what is committed (READ_COMMITTED, the default of both) never sees an aborted record, however
#           its fetches cut the log.
# Seen:     a transaction of five records of 600 kB that was aborted, and one record behind it. Read in one fetch, only that one
#           comes. Read by fetches of 700 kB, four of the five aborted ones come, too: the client leaves out what stands before
#           the marker of the end within the same fetch, and takes a transaction without one for open. The server tells of each
#           fetch which transactions were aborted; kafkajs goes by that.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
kafka_server_package 4.3.1
printf '%s\n' transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 transaction.state.log.num.partitions=1 >>kafka.properties
start_kafka_server
cat >probe.mjs <<'EOF'
import { Consumer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';

const brokers = [process.env.KAFKA];
const kafka = new kafkajs.Kafka({ brokers, logLevel: 0, retry: { retries: 20, maxRetryTime: 500 } });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 1 }] });
await admin.disconnect();
const producer = kafka.producer({ transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
await producer.connect();
const transaction = await producer.transaction();
for (let i = 0; i < 5; i++)
  await transaction.send({ topic: 'orders', messages: [{ value: `aborted ${i} ${'x'.repeat(600_000)}` }] });
await transaction.abort();
await producer.send({ topic: 'orders', messages: [{ value: 'sound record' }] });
await producer.disconnect();

async function platformatic(maxBytes) {
  const consumer = new Consumer({ clientId: 'probe', groupId: `platformatic-${maxBytes}`, bootstrapBrokers: brokers });
  const fetching = { maxBytes, maxBytesPerPartition: maxBytes, maxWaitTime: 200 };
  const stream = await consumer.consume({ topics: ['orders'], mode: 'earliest', autocommit: false, ...fetching });
  const seen = [];
  for await (const { value } of stream) {
    seen.push(String(value).slice(0, 9).trim());
    if (seen.at(-1).startsWith('sound')) break;
  }
  await consumer.close(true);
  return seen.join(', ');
}
async function reference(maxBytes) {
  const consumer = kafka.consumer({ groupId: `kafkajs-${maxBytes}`, maxBytes, maxBytesPerPartition: maxBytes });
  await consumer.connect();
  await consumer.subscribe({ topics: ['orders'], fromBeginning: true });
  const seen = [];
  await new Promise((resolve) => {
    const eachMessage = async ({ message: { value } }) => {
      seen.push(String(value).slice(0, 9).trim());
      if (seen.at(-1).startsWith('sound')) resolve();
    };
    void consumer.run({ eachMessage });
  });
  await consumer.disconnect();
  return seen.join(', ');
}
for (const maxBytes of [50_000_000, 700_000]) {
  console.log(`fetches of ${maxBytes} bytes: @platformatic/kafka reads ${await platformatic(maxBytes)}`);
  console.log(`fetches of ${maxBytes} bytes: kafkajs reads ${await reference(maxBytes)}`);
}
EOF
cat >expected <<'EOF'
fetches of 50000000 bytes: @platformatic/kafka reads sound rec
fetches of 50000000 bytes: kafkajs reads sound rec
fetches of 700000 bytes: @platformatic/kafka reads aborted 0, aborted 1, aborted 2, aborted 3, sound rec
fetches of 700000 bytes: kafkajs reads sound rec
EOF
./node_modules/.bin/node --no-warnings probe.mjs | tee seen
compare
