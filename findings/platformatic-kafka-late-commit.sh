#!/usr/bin/env bash
# A commit by @platformatic/kafka's consumer that has lost its partition joins the group anew, and sets the group back.
#
# Versions: @platformatic/kafka 2.12.1, kafkajs 2.2.4, Kafka 4.3.1.
# Expected: a member that the server dropped while its handler ran too long gets an error from its commit, as by Java's
#           CommitFailedException and by kafkajs: others have its partition by then, and may be beyond its offset.
# Seen:     the refusal makes the client join again and repeat the commit as a member of the new generation. Kafka takes that,
#           whosever the partition is, and the commit resolves. Here another member had committed 3, and the group stands at 1.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
kafka_server_package 4.3.1
echo group.min.session.timeout.ms=1000 >>kafka.properties
# A member that takes a message, works on it without giving way to its heartbeats until it is told to go on, and commits.
cat >slow.mjs <<'EOF'
import { Consumer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { readSync, writeSync } from 'node:fs';

const [, , client] = process.argv;
const topic = client;
const work = () => {
  writeSync(1, 'has a message\n');
  readSync(0, Buffer.alloc(1));
};
const report = (sent) => sent.then(() => 'resolved', (error) => `rejected, ${error.name}: ${error.message}`);

async function platformatic() {
  const options = { clientId: 'slow', groupId: topic, bootstrapBrokers: [process.env.KAFKA] };
  const consumer = new Consumer({ ...options, sessionTimeout: 2_000, heartbeatInterval: 200, rebalanceTimeout: 5_000 });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
  for await (const { partition, offset } of stream) {
    work();
    return report(consumer.commit({ offsets: [{ topic, partition, offset: offset + 1n, leaderEpoch: -1 }] }));
  }
}

async function ofKafkajs() {
  const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: topic, sessionTimeout: 2_000, heartbeatInterval: 200, rebalanceTimeout: 5_000 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  return new Promise((resolve) => {
    const eachMessage = ({ partition, message: { offset } }) => {
      work();
      return report(consumer.commitOffsets([{ topic, partition, offset: String(Number(offset) + 1) }])).then(resolve);
    };
    void consumer.run({ autoCommit: false, eachMessage });
  });
}

writeSync(1, `${await (client === 'kafkajs' ? ofKafkajs() : platformatic())}\n`);
process.exit();
EOF
cat >probe.mjs <<'EOF'
import { Consumer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const kafka = new kafkajs.Kafka({ brokers: [process.env.KAFKA], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer()];
await admin.connect();
await producer.connect();

// Another member is given the partition once the server has dropped the slow one. It commits once, and stays in the group.
const others = {
  async kafkajs(topic) {
    const consumer = kafka.consumer({ groupId: topic, heartbeatInterval: 200, rebalanceTimeout: 5_000 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const last = new Promise((resolve) => {
      void consumer.run({ autoCommit: false, eachMessage: async ({ message: { offset } }) => offset === '2' && resolve() });
    });
    await last;
    await consumer.commitOffsets([{ topic, partition: 0, offset: '3' }]);
    return () => consumer.disconnect();
  },
  async platformatic(topic) {
    const options = { clientId: 'other', groupId: topic, bootstrapBrokers: [process.env.KAFKA] };
    const consumer = new Consumer({ ...options, heartbeatInterval: 200, rebalanceTimeout: 60_000 });
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
    await new Promise((resolve) => stream.on('data', ({ offset }) => offset === 2n && resolve()));
    await consumer.commit({ offsets: [{ topic, partition: 0, offset: 3n, leaderEpoch: -1 }] });
    return () => consumer.close(true);
  },
};

async function trial(client) {
  const topic = client;
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await producer.send({ topic, messages: ['1', '2', '3'].map((value) => ({ value })) });
  const stored = async () => (await admin.fetchOffsets({ groupId: topic, topics: [topic] }))[0].partitions[0].offset;

  const slow = spawn(process.execPath, ['slow.mjs', client], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: slow.stdout });
  await once(lines, 'line');

  const leave = await others[client](topic);
  console.log(`${client}, another member has committed: ${await stored()}`);
  slow.stdin.write('.');
  const [outcome] = await once(lines, 'line');
  console.log(`${client}, the late commit of 1: ${outcome}`);
  console.log(`${client}, stored after it: ${await stored()}`);
  await leave();
}

await trial('kafkajs');
await trial('platformatic');
await admin.disconnect();
await producer.disconnect();
EOF
cat >expected <<'EOF'
kafkajs, another member has committed: 3
kafkajs, the late commit of 1: rejected, KafkaJSNonRetriableError: The coordinator is not aware of this member
kafkajs, stored after it: 3
platformatic, another member has committed: 3
platformatic, the late commit of 1: resolved
platformatic, stored after it: 1
EOF
start_kafka_server
./node_modules/.bin/node probe.mjs | tee seen
compare
