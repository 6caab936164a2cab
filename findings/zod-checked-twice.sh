#!/usr/bin/env bash
# A zod schema that checks something asynchronously runs its checks twice on each value that comes by way of Standard Schema.
#
# Versions: zod 4.6.7; valibot 1.5.0 and zod's own safeParseAsync to compare; @nestjs/microservices, core and common 12.1.1 /
#           12.5.1, rxjs 7.8.2, @nats-io/transport-node 3.4.0, nats-server 2.15.1.
# Expected: Standard Schema's `validate` may answer by a promise, so a check that asks a store (is this message's id new? is there
#           such a customer?) runs once for each message under Nest 12's StandardSchemaValidationPipe, as it does by
#           `safeParseAsync`, and what it throws goes to whoever waits.
# Seen:     zod's `validate` runs everything synchronously, and all over again when that met a promise or threw. Of the first run
#           only the promise is dropped, not what it did: a check that claims an id finds it claimed, by itself, and
#           every message is refused as a duplicate. If the store fails, nobody has the first promise: the rejection is
#           unhandled and ends the process before the message is answered. valibot's check runs once. (zod #6610, open.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages zod@4.6.7 valibot@1.5.0 @nestjs/microservices@12.1.1 @nestjs/core@12.5.1 @nestjs/common@12.5.1 \
  @nats-io/transport-node@3.4.0 reflect-metadata@0.2.2 rxjs@7.8.2
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import 'reflect-metadata';
import { connect } from '@nats-io/transport-node';
import { NestFactory } from '@nestjs/core';
import { Controller, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { MessagePattern, Payload, RpcException, Transport } from '@nestjs/microservices';
import * as v from 'valibot';
import { z } from 'zod';

let calls = 0;
const claimed = new Set();
const checks = {
  // Stands for a SET NX: true for the first who claims the id.
  async claim(id) {
    calls++;
    return !claimed.has(id) && !!claimed.add(id);
  },
  async fails() {
    calls++;
    throw new Error('no store');
  },
};
const check = checks[process.argv[3]];
const zod = z.object({ id: z.string().refine(check, 'duplicate') });
const byParse = async (value) => {
  const { data, error } = await zod.safeParseAsync(value);
  return error ? { issues: error.issues } : { value: data };
};
const schema = {
  zod,
  safeParseAsync: { '~standard': { version: 1, vendor: 'finding', validate: byParse } },
  valibot: v.objectAsync({ id: v.pipeAsync(v.string(), v.checkAsync(check, 'duplicate')) }),
}[process.argv[2]];
class Orders {
  on() {
    return 'handled';
  }
}
MessagePattern('orders')(Orders.prototype, 'on', Object.getOwnPropertyDescriptor(Orders.prototype, 'on'));
Payload({ schema })(Orders.prototype, 'on', 0);
Controller()(Orders);
class App {}
Module({ controllers: [Orders] })(App);

const servers = `nats://127.0.0.1:${process.env.PORT}`;
const connection = await connect({ servers, waitOnFirstConnect: true });
const app = await NestFactory.createMicroservice(App, { transport: Transport.NATS, options: { servers }, logger: false });
app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: ([{ message }]) => new RpcException(message) }));
await app.listen();
await new Promise((resolve) => setTimeout(resolve, 300)); // its subscriptions are at the server
const outcomes = [];
process.once('exit', (code) => console.log(`${[...outcomes, `${calls} checks`].join(', ')}, the process ends with ${code}`));
for (const id of ['7', '8']) {
  const reply = await connection.request('orders', JSON.stringify({ id: 'request', pattern: 'orders', data: { id } }), { timeout: 2_000 });
  const { err, response } = reply.json();
  outcomes.push(`message ${id} ${response ?? `refused: "${err.message}"`}`);
}
await app.close();
await connection.close();
EOF
cat >expected <<'EOF'
claim, zod: message 7 refused: "duplicate", message 8 refused: "duplicate", 4 checks, the process ends with 0
claim, safeParseAsync: message 7 handled, message 8 handled, 2 checks, the process ends with 0
claim, valibot: message 7 handled, message 8 handled, 2 checks, the process ends with 0
fails, zod: 2 checks, the process ends with 1
Error: no store
fails, safeParseAsync: message 7 refused: "Internal server error", message 8 refused: "Internal server error", 2 checks, the process ends with 0
fails, valibot: message 7 refused: "Internal server error", message 8 refused: "Internal server error", 2 checks, the process ends with 0
EOF
start_nats_server
for check in claim fails; do
  for library in zod safeParseAsync valibot; do
    echo "$check, $library: $(node probe.mjs $library $check 2>errors || grep '^Error:' errors)"
  done
done | tee seen
compare
