#!/usr/bin/env bash
# The `data` of a NATS message is a Buffer if it came in one piece and a bare Uint8Array if TCP cut it: its methods do another thing.
#
# Versions: nats 2.29.3, @nats-io/transport-node 3.4.0, nats-server 2.15.1; @nestjs/common 12.5.1, class-transformer 0.5.1,
#           class-validator 0.15.1, @msgpack/msgpack 3.1.3.
# Expected: messages of one subscription are of one type. Code that reads its first message rightly by `data.toString()`, which
#           TypeScript allows for a Uint8Array as well, reads all of them, and bytes that a ValidationPipe has checked are there.
# Seen:     a Buffer is what lies within one read from the socket, a Uint8Array what lies across two: the messages of 100 kB, and
#           some of 1 kB where many come at once. Of these toString() gives decimal numbers ("123,34,..."), slice() copies
#           where a Buffer's shares the memory, JSON has another shape. @msgpack/msgpack hands the type on to the bytes
#           within, and Nest's ValidationPipe with `transform` copies a Buffer, but makes an empty array of a Uint8Array
#           that it has found to be not empty: small invoices pass, large ones are handled without their bytes, with no error.
#           (nats.node #549 and nats.js #102: use json(), string() or TextDecoder; class-transformer #1815, open.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/transport-node@3.4.0 @nestjs/common@12.5.1 class-transformer@0.5.1 class-validator@0.15.1 \
  @msgpack/msgpack@3.1.3 reflect-metadata@0.2.2 rxjs@7.8.2
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import 'reflect-metadata';
import { decode, encode } from '@msgpack/msgpack';
import * as newer from '@nats-io/transport-node';
import { ValidationPipe } from '@nestjs/common';
import { IsInstance, IsNotEmpty } from 'class-validator';
import * as older from 'nats';

class Order {}
IsInstance(Uint8Array)(Order.prototype, 'invoice');
IsNotEmpty()(Order.prototype, 'invoice');
const pipe = new ValidationPipe({ transform: true });

function parsed(data) {
  try {
    return `order ${JSON.parse(data.toString()).id}`;
  } catch (error) {
    return error.name;
  }
}
function sliced(data) {
  const part = data.slice(0, 1);
  part[0]++;
  return part[0] === data[0] ? 'shares' : 'copies';
}
for (const [name, { connect }] of Object.entries({ 'nats': older, '@nats-io': newer })) {
  const options = { servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true };
  const [connection, sender] = [await connect(options), await connect(options)];
  async function received(count, bytes) {
    const messages = connection.subscribe('orders', { max: count });
    await connection.flush();
    for (let sent = 0; sent < count; sent++) sender.publish('orders', bytes);
    const data = [];
    for await (const message of messages) data.push(message.data);
    return data;
  }
  for (const size of [100, 100_000]) {
    const [text] = await received(1, JSON.stringify({ id: 7, note: 'x'.repeat(size) }));
    const [packed] = await received(1, encode({ invoice: new Uint8Array(size) }));
    const { invoice } = await pipe.transform(decode(packed), { type: 'body', metatype: Order });
    const json = JSON.stringify(text).slice(0, 8);
    console.log(`${name}, ${size} bytes: ${text.constructor.name}; by toString() ${parsed(text)}; slice() ${sliced(text)}; in JSON ${json}...`);
    console.log(`${name}, ${size} bytes of an invoice: ${invoice.length} behind the pipe`);
  }
  const types = (await received(5_000, 'x'.repeat(1_000))).map((data) => data.constructor.name);
  console.log(`${name}, 5000 of 1000 bytes: ${[...new Set(types)].sort().join(' and ')}`);
  await sender.close();
  await connection.close();
}
EOF
cat >expected <<'EOF'
nats, 100 bytes: Buffer; by toString() order 7; slice() shares; in JSON {"type":...
nats, 100 bytes of an invoice: 100 behind the pipe
nats, 100000 bytes: Uint8Array; by toString() SyntaxError; slice() copies; in JSON {"0":123...
nats, 100000 bytes of an invoice: 0 behind the pipe
nats, 5000 of 1000 bytes: Buffer and Uint8Array
@nats-io, 100 bytes: Buffer; by toString() order 7; slice() shares; in JSON {"type":...
@nats-io, 100 bytes of an invoice: 100 behind the pipe
@nats-io, 100000 bytes: Uint8Array; by toString() SyntaxError; slice() copies; in JSON {"0":123...
@nats-io, 100000 bytes of an invoice: 0 behind the pipe
@nats-io, 5000 of 1000 bytes: Buffer and Uint8Array
EOF
start_nats_server
node probe.mjs | tee seen
compare
