#!/usr/bin/env bash
# Bytes over Nest's Kafka transport: a Uint8Array is sent as decimal text, and what is read depends on the first byte.
#
# Versions: @nestjs/microservices, core and common 12.1.1 / 12.5.1, kafkajs 2.2.4, @bufbuild/protobuf 2.17.0, protobufjs 8.8.1.
# Expected: `emit('orders', bytes)` sends the bytes, whichever of Protobuf's libraries made them; a handler of a transport with
#           `parser: { keepBinary: true }` gets what is binary as it is: value, key and headers.
# Seen:     `toBinary()` of @bufbuild/protobuf gives a Uint8Array, which Nest sends by its toString(): the three bytes 08 c8 01 leave as
#           the seven characters "8,200,1". protobufjs gives a Buffer in Node, which leaves as it is. Read back, keys and headers
#           are text unless their first byte is 0, also with keepBinary: a key of 32 bits is bytes where the number is 5, and
#           four replacement characters where it is -5, or -6. A header whose text begins like JSON is what JSON
#           makes of it: the note "[5]" is an array.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nestjs/microservices@12.1.1 @nestjs/core@12.5.1 @nestjs/common@12.5.1 kafkajs@2.2.4 reflect-metadata@0.2.2 rxjs@7.8.2 \
  @bufbuild/protobuf@2.17.0 protobufjs@8.8.1
cat >probe.mjs <<'EOF'
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { toBinary } from '@bufbuild/protobuf';
import { Int32ValueSchema } from '@bufbuild/protobuf/wkt';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import protobufjs from 'protobufjs';
import { lastValueFrom } from 'rxjs';

const require = createRequire(import.meta.url);
// kafkajs's own encoder and decoder of one record: what stands on the wire, without a server.
const encode = require('kafkajs/src/protocol/recordBatch/record/v0');
const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder');
const Decoder = require('kafkajs/src/protocol/decoder');
function onTheWire({ key, value, headers }) {
  const wire = new Decoder(encode({ key, value, headers }).buffer);
  wire.readVarInt(); // the length, which kafkajs reads outside of its record decoder
  return decode(wire, { firstOffset: '0', firstTimestamp: '0', lastOffsetDelta: 0 });
}
const client = new ClientKafka({ producerOnlyMode: true });
client.connect = async () => {};
let sent;
Object.defineProperty(client, '_producer', { value: { send: async ({ messages }) => void (sent = onTheWire(messages[0])) } });

async function handled(message, parser) {
  const server = new ServerKafka({ parser });
  let got;
  server.addHandler('orders', async (value, context) => void (got = { value, ...context.getMessage() }), true);
  await server.getMessageHandler()({ topic: 'orders', partition: 0, message, heartbeat: async () => {}, pause: () => {} });
  return got;
}
function show(it, sent) {
  if (Buffer.isBuffer(it)) return `bytes ${it.toString('hex')}`;
  if (typeof it !== 'string') return `${Array.isArray(it) ? 'array' : typeof it} ${JSON.stringify(it)}`;
  return sent.equals(Buffer.from(it)) ? `text ${it}` : `text of other bytes, ${Buffer.from(it).toString('hex')}`;
}

const schema = protobufjs.parse('syntax = "proto3"; message Int32Value { int32 value = 1; }').root.lookupType('Int32Value');
const bodies = {
  'by protobufjs': schema.encode({ value: 200 }).finish(),
  'by @bufbuild/protobuf': toBinary(Int32ValueSchema, { $typeName: 'google.protobuf.Int32Value', value: 200 }),
};
for (const [by, body] of Object.entries(bodies)) {
  await lastValueFrom(client.emit('orders', body), { defaultValue: undefined });
  console.log(`value ${Buffer.from(body).toString('hex')} ${by}, sent: ${sent.value.toString('hex')}`);
}
for (const parser of [undefined, { keepBinary: true }]) {
  console.log(`parser: ${JSON.stringify(parser)}`);
  const number = (value) => Buffer.from(Int32Array.of(value).buffer).swap32();
  for (const key of [5, -5]) {
    const headers = { attempt: number(key), note: key === 5 ? 'draft' : '[5]' };
    await lastValueFrom(client.emit('orders', { key: number(key), value: bodies['by protobufjs'], headers }), { defaultValue: undefined });
    const { value, key: read, headers: all } = await handled(sent, parser);
    console.log(`  key ${show(sent.key)} read as ${show(read, sent.key)}; as a header ${show(all.attempt, sent.headers.attempt)}`);
    console.log(`  header ${sent.headers.note} read as ${show(all.note, sent.headers.note)}; value ${show(sent.value)} read as ${show(value, sent.value)}`);
  }
}
EOF
cat >expected <<'EOF'
value 08c801 by protobufjs, sent: 08c801
value 08c801 by @bufbuild/protobuf, sent: 382c3230302c31
parser: undefined
  key bytes 00000005 read as bytes 00000005; as a header bytes 00000005
  header draft read as text draft; value bytes 08c801 read as text of other bytes, 08efbfbd01
  key bytes fffffffb read as text of other bytes, efbfbdefbfbdefbfbdefbfbd; as a header text of other bytes, efbfbdefbfbdefbfbdefbfbd
  header [5] read as array [5]; value bytes 08c801 read as text of other bytes, 08efbfbd01
parser: {"keepBinary":true}
  key bytes 00000005 read as bytes 00000005; as a header bytes 00000005
  header draft read as text draft; value bytes 08c801 read as bytes 08c801
  key bytes fffffffb read as text of other bytes, efbfbdefbfbdefbfbdefbfbd; as a header text of other bytes, efbfbdefbfbdefbfbdefbfbd
  header [5] read as array [5]; value bytes 08c801 read as bytes 08c801
EOF
node probe.mjs | tee seen
compare
