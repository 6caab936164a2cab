#!/usr/bin/env bash
# A running group of Kafka's new protocol (KIP-848) is Dead to kafkajs, and moving its offsets succeeds without moving them.
#
# Versions: kafkajs 2.2.4, aiokafka 0.14.0, @platformatic/kafka 2.12.1, confluent-kafka 2.15.0 (librdkafka), Kafka 4.3.1.
# Expected: `describeGroups` tells that a group has members, whatever protocol they speak, or fails; `setOffsets` moves the offsets
#           or is refused, as kafkajs refuses it for a running group of the old protocol ("must have no running instances").
# Seen:     a consumer with group.protocol=consumer reads, and by kafkajs, aiokafka and @platformatic/kafka its group is Dead,
#           without members and without an error; librdkafka says STABLE with one member. kafkajs's check takes Dead for stopped:
#           `setOffsets` goes on and resolves; the offset is what it was, and the consumer reads nothing again. Once the consumer
#           has stopped, the same call does move it, though the group is Dead as before: neither what kafkajs describes nor what
#           it answers tells the two apart. The broker says Dead of such a group to any DescribeGroups before version 6, whose
#           answer is an error (KIP-1043).
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4 @platformatic/kafka@2.12.1 node@22.23.3
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python aiokafka==0.14.0 confluent-kafka==2.15.0
kafka_server_package 4.3.1
cat >member.py <<'EOF'
import os, signal, sys
from confluent_kafka import Consumer

running, read = True, 0


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
group = sys.argv[1]
settings = {"group.id": group, "group.protocol": group, "auto.offset.reset": "earliest", "auto.commit.interval.ms": 200}
consumer = Consumer({"bootstrap.servers": os.environ["KAFKA"], **settings})
consumer.subscribe([group])
while running:
    message = consumer.poll(0.2)
    read += message is not None and message.error() is None
consumer.close()
print(f"{read} read")
EOF
cat >others.py <<'EOF'
import asyncio, os, sys
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka.admin import AdminClient

group = sys.argv[1]


async def by_aiokafka():
    admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KAFKA"])
    await admin.start()
    (_, _, state, _, _, members), = (await admin.describe_consumer_groups([group]))[0].groups
    await admin.close()
    return f"aiokafka {state} {len(members)}"


admin = AdminClient({"bootstrap.servers": os.environ["KAFKA"]})
described = admin.describe_consumer_groups([group])[group].result(20)
print(f"{asyncio.run(by_aiokafka())}, librdkafka {described.state.name} {len(described.members)}")
EOF
cat >probe.mjs <<'EOF'
import { Admin } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const { Kafka, logLevel } = kafkajs;
const kafka = new Kafka({ brokers: [process.env.KAFKA], logLevel: logLevel.NOTHING, retry: { retries: 90, maxRetryTime: 1_000 } });
const [admin, producer] = [kafka.admin(), kafka.producer()];
await admin.connect();
await producer.connect();
const platformatic = new Admin({ clientId: 'operator', bootstrapBrokers: [process.env.KAFKA] });

// Each group reads the topic of its name; its name is its protocol.
async function offset(groupId) {
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [groupId] });
  return partitions[0].offset;
}
async function set(groupId) {
  const answer = await admin.setOffsets({ groupId, topic: groupId, partitions: [{ partition: 0, offset: '4' }] }).then(
    () => 'resolved',
    () => 'refused',
  );
  return `setOffsets to 4 ${answer}, offset ${await offset(groupId)}`;
}
async function described(groupId) {
  const { groups } = await admin.describeGroups([groupId]);
  return `kafkajs ${groups[0].state} ${groups[0].members.length}`;
}
async function describedByOthers(group) {
  const old = (await platformatic.describeGroups({ groups: [group] })).get(group);
  return `platformatic ${old.state} ${old.members.size}, ${execFileSync('python3', ['others.py', group], { encoding: 'utf8' }).trim()}`;
}

for (const group of ['classic', 'consumer']) {
  await admin.createTopics({ topics: [{ topic: group, numPartitions: 1 }], waitForLeaders: true });
  await producer.send({ topic: group, messages: Array.from({ length: 10 }, (_, n) => ({ value: `${n}` })) });
  const member = spawn('python3', ['member.py', group]);
  let said = '';
  member.stdout.on('data', (data) => (said += data));
  while ((await offset(group)) !== '10') await new Promise((resolve) => setTimeout(resolve, 200));
  console.log(`${group}, state and members: ${await described(group)}, ${await describedByOthers(group)}`);
  console.log(`${group}, running: ${await set(group)}`);
  // Longer than what a group takes to settle after a member that came and went.
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  member.kill('SIGTERM');
  await once(member, 'close');
  console.log(`${group}, the consumer: ${said.trim()}, then stopped`);
  console.log(`${group}, stopped: ${await described(group)}, ${await set(group)}`);
}
await producer.disconnect();
await admin.disconnect();
await platformatic.close();
EOF
cat >expected <<'EOF'
classic, state and members: kafkajs Stable 1, platformatic Stable 1, aiokafka Stable 1, librdkafka STABLE 1
classic, running: setOffsets to 4 refused, offset 10
classic, the consumer: 10 read, then stopped
classic, stopped: kafkajs Empty 0, setOffsets to 4 resolved, offset 4
consumer, state and members: kafkajs Dead 0, platformatic Dead 0, aiokafka Dead 0, librdkafka STABLE 1
consumer, running: setOffsets to 4 resolved, offset 10
consumer, the consumer: 10 read, then stopped
consumer, stopped: kafkajs Dead 0, setOffsets to 4 resolved, offset 4
EOF
start_kafka_server
PYTHONPATH=python ./node_modules/.bin/node probe.mjs | tee seen
compare
