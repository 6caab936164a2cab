#!/usr/bin/env bash
# What Nest's Kafka client sends of an object that has a property `key` or `value` is not the object, and may be a tombstone.
#
# Versions: @nestjs/microservices, core and common 12.1.1 / 12.5.1, kafkajs 2.2.4.
# Expected: `client.emit('settings', dto)` sends the dto as JSON, as it does over every other transport.
# Seen:     an object with `key` or `value` counts as a whole Kafka message. `{ key: 'theme', setting: 'dark' }` becomes a
#           record of that key and no value: a tombstone, which deletes the key on a compacted topic. `{ value: 19.5, unit: 'C' }`
#           becomes the text 19.5, and its `unit` is dropped without a word. Sent to two topics, the second time is another
#           message, as the dto itself has been changed: its `value` is text now and it has `headers`. Nest's NATS client, asked
#           for the same emit, sends all of it. (`value` alone was asked about in nestjs/nest #12886 and left as it is.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nestjs/microservices@12.1.1 @nestjs/core@12.5.1 @nestjs/common@12.5.1 kafkajs@2.2.4 @nats-io/transport-node@3.4.0 \
  reflect-metadata@0.2.2 rxjs@7.8.2
cat >probe.mjs <<'EOF'
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { ClientKafka, ClientNats } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';

const require = createRequire(import.meta.url);
// kafkajs's own encoder and decoder of one record: what stands on the wire, without a server.
const encode = require('kafkajs/src/protocol/recordBatch/record/v0');
const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder');
const Decoder = require('kafkajs/src/protocol/decoder');
function record({ key, value, headers }) {
  const wire = new Decoder(encode({ key, value, headers }).buffer);
  wire.readVarInt(); // the length, which kafkajs reads outside of its record decoder
  const decoded = decode(wire, { firstOffset: '0', firstTimestamp: '0', lastOffsetDelta: 0 });
  return `key ${decoded.key ?? 'none'}, ${decoded.value === null ? 'TOMBSTONE' : `value ${decoded.value}`}`;
}

const kafka = new ClientKafka({ producerOnlyMode: true });
kafka.connect = async () => {};
Object.defineProperty(kafka, '_producer', { value: { send: async ({ messages }) => void sent.push(record(messages[0])) } });
const nats = new ClientNats({});
nats.connect = async () => {};
Object.defineProperty(nats, 'natsClient', { value: { publish: (_subject, body) => void sent.push(body) } });
const sent = [];
async function emitted(body) {
  await lastValueFrom(kafka.emit('settings', body));
  return sent.pop();
}

async function natsBody(body) {
  await lastValueFrom(nats.emit('settings', body), { defaultValue: undefined });
  return sent.pop();
}

for (const [name, body] of Object.entries({
  neither: { name: 'theme', setting: 'dark' },
  'with `key`': { key: 'theme', setting: 'dark' },
  'with `value`': { value: 19.5, unit: 'C' },
  'with both': { key: 'theme', value: 'dark', changedBy: 'A' },
})) {
  const overNats = await natsBody(body);
  console.log(`${name}: over NATS ${overNats}\n  over Kafka ${await emitted(body)}`);
}
const shared = { value: { celsius: 19.5 } };
await emitted(shared);
console.log(`the object afterwards: ${JSON.stringify(shared)}`);
EOF
cat >expected <<'EOF'
neither: over NATS {"pattern":"settings","data":{"name":"theme","setting":"dark"}}
  over Kafka key none, value {"name":"theme","setting":"dark"}
with `key`: over NATS {"pattern":"settings","data":{"key":"theme","setting":"dark"}}
  over Kafka key theme, TOMBSTONE
with `value`: over NATS {"pattern":"settings","data":{"value":19.5,"unit":"C"}}
  over Kafka key none, value 19.5
with both: over NATS {"pattern":"settings","data":{"key":"theme","value":"dark","changedBy":"A"}}
  over Kafka key theme, value dark
the object afterwards: {"value":"{\"celsius\":19.5}","headers":{}}
EOF
node probe.mjs | tee seen
compare
