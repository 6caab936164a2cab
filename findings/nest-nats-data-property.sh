#!/usr/bin/env bash
# Nest's NATS transport hands a handler the inside of each body that has a property `data`, and nothing where one has `pattern`.
#
# Versions: @nestjs/microservices, core and common 12.1.1 / 12.5.1, @nats-io/transport-node 3.4.0, nats-server 2.15.1.
# Expected: `@EventPattern('orders')` is called with the JSON that a client outside Nest published.
# Seen:     a body is taken for Nest's own packet as soon as it has `data` or `pattern`, whatever else is in it. Of a structured
#           CloudEvent the handler gets `data` alone: its id, source, type and time are gone, and the context has no body to
#           read them from. `{ pattern, … }` without `data` (a search, a route, a cron line) calls the handler with undefined.
#           With an `id` beside it the event counts as a request: a reply subject then gets the handler's result. The same
#           bodies on Kafka arrive whole, as there the body is one property of the message that is looked at.
#           Over MQTT it is the same as over NATS and reported (nestjs/nest #13675, open since 2024).
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nestjs/microservices@12.1.1 @nestjs/core@12.5.1 @nestjs/common@12.5.1 @nats-io/transport-node@3.4.0 kafkajs@2.2.4 \
  reflect-metadata@0.2.2 rxjs@7.8.2
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import 'reflect-metadata';
import { connect } from '@nats-io/transport-node';
import { NestFactory } from '@nestjs/core';
import { Controller, Module } from '@nestjs/common';
import { EventPattern, KafkaRequestDeserializer, Payload, Transport } from '@nestjs/microservices';

const servers = `nats://127.0.0.1:${process.env.PORT}`;
const connection = await connect({ servers, waitOnFirstConnect: true });
let called = () => {};
class Orders {
  on(body) {
    called(body);
    return 'result';
  }
}
EventPattern('orders')(Orders.prototype, 'on', Object.getOwnPropertyDescriptor(Orders.prototype, 'on'));
Payload()(Orders.prototype, 'on', 0);
Controller()(Orders);
class App {}
Module({ controllers: [Orders] })(App);
const app = await NestFactory.createMicroservice(App, { transport: Transport.NATS, options: { servers }, logger: false });
await app.listen();

const overKafka = (body) => new KafkaRequestDeserializer().deserialize({ key: null, value: body, headers: {} }, { channel: 'orders' }).data;
const text = (body) => (body === undefined ? 'undefined' : JSON.stringify(body));
const bodies = {
  'plain JSON': { total: 3 },
  'a CloudEvent': { specversion: '1.0', id: 'e-1', source: '/shop', type: 'order.created', data: { total: 3 } },
  'a body with `data`': { customer: 'A', data: { total: 3 } },
  'a body with `pattern`': { customer: 'A', pattern: 'every monday' },
};
for (const [name, body] of Object.entries(bodies)) {
  const onNats = await new Promise((resolve) => {
    called = resolve;
    connection.publish('orders', JSON.stringify(body));
  });
  console.log(`${name}: over NATS ${text(onNats)}, over Kafka ${text(overKafka(body))}`);
}
const answered = async (body) => {
  const answer = await connection.request('orders', JSON.stringify(body), { timeout: 1500 }).catch((error) => error);
  return answer instanceof Error ? answer.name : answer.string();
};
console.log(`plain JSON with a reply subject: ${await answered(bodies['plain JSON'])}`);
console.log(`a CloudEvent with a reply subject: ${await answered(bodies['a CloudEvent'])}`);
await app.close();
await connection.close();
EOF
cat >expected <<'EOF'
plain JSON: over NATS {"total":3}, over Kafka {"total":3}
a CloudEvent: over NATS {"total":3}, over Kafka {"specversion":"1.0","id":"e-1","source":"/shop","type":"order.created","data":{"total":3}}
a body with `data`: over NATS {"total":3}, over Kafka {"customer":"A","data":{"total":3}}
a body with `pattern`: over NATS undefined, over Kafka {"customer":"A","pattern":"every monday"}
plain JSON with a reply subject: TimeoutError
a CloudEvent with a reply subject: {"response":"result","isDisposed":true,"id":"e-1"}
EOF
start_nats_server
node probe.mjs | tee seen
compare
