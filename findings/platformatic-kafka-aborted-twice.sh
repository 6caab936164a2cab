#!/usr/bin/env bash
# Of two transactions that one producer has aborted, @platformatic/kafka hands over the records of the first.
#
# Versions: @platformatic/kafka 2.12.1, kafkajs 2.2.4 (which writes the transactions, and reads them beside), Kafka 4.3.1.
# Expected: at `isolationLevel` READ_COMMITTED, the default of both, nothing of an aborted transaction is read.
# Seen:     where one fetch brings both, the client remembers the last of a producer alone, and takes the records of the other
#           for committed ones. Other than in platformatic-kafka-aborted.sh the fetch is not cut short: a producer that
#           aborts twice, a few records each time, is enough. One aborted transaction shows nothing.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
kafka_server_package 4.3.1
printf '%s\n' transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 transaction.state.log.num.partitions=1 >>kafka.properties
cat >probe.mjs <<'EOF'
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer({ transactionalId: 'orders', maxInFlightRequests: 1 })];
await admin.connect();
await producer.connect();
async function transaction(topic, end, ...names) {
  const open = await producer.transaction();
  await open.send({ topic, messages: names.map((value) => ({ value })) });
  await open[end]();
}

async function platformatic(topic) {
  const consumer = new Consumer({ clientId: 'reader', groupId: `platformatic-${topic}`, bootstrapBrokers: [process.env.KAFKA], deserializers: stringDeserializers });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
  const seen = [];
  for await (const { value } of stream) if (seen.push(value) && value === 'end') break;
  await consumer.close(true);
  return seen.join(', ');
}

async function kafkajsReads(topic) {
  const consumer = kafka.consumer({ groupId: `kafkajs-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const seen = [];
  await new Promise((resolve) => {
    const eachMessage = async ({ message: { value } }) => {
      if (seen.push(String(value)) && String(value) === 'end') resolve();
    };
    void consumer.run({ eachMessage });
  });
  await consumer.disconnect();
  return seen.join(', ');
}

async function both(title, topic) {
  console.log(`${title}:`);
  console.log(`  kafkajs reads ${await kafkajsReads(topic)}`);
  console.log(`  @platformatic/kafka reads ${await platformatic(topic)}`);
}

for (const topic of ['one', 'two']) await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
await transaction('one', 'abort', 'aborted 1', 'aborted 2');
await transaction('two', 'abort', 'first aborted');
await transaction('two', 'abort', 'second aborted');
for (const topic of ['one', 'two']) await transaction(topic, 'commit', 'end');
await both('one aborted transaction', 'one');
await both('two of one producer', 'two');
await admin.disconnect();
await producer.disconnect();
EOF
cat >expected <<'EOF'
one aborted transaction:
  kafkajs reads end
  @platformatic/kafka reads end
two of one producer:
  kafkajs reads end
  @platformatic/kafka reads first aborted, end
EOF
start_kafka_server
./node_modules/.bin/node probe.mjs | tee seen
compare
