#!/usr/bin/env bash
# An event's handler in Nest that fails, or has nothing to emit, takes the Observable of the event's other handlers with it.
#
# Versions: @nestjs/microservices, core and common 12.1.1 / 12.5.1, rxjs 7.8.2, @nats-io/transport-node 3.4.0, nats-server 2.15.1,
#           kafkajs 2.2.4.
# Expected: two `@EventPattern('orders')`, say one of invoices and one of mails, are two consumers: the mail goes out, whatever becomes
#           of the invoice. A handler that filters an event away by EMPTY has handled it.
# Seen:     Nest joins the results by rxjs's forkJoin, which unsubscribes all as soon as one fails or completes without a value. What
#           the other does in an Observable (an HttpService call, a pipe) is broken off or never begun, in whatever order they
#           stand, and over NATS nothing comes again; what it does in an async function goes on. By EMPTY nothing has failed, so not a
#           line is logged. Over Kafka EMPTY counts as a failure ("no elements in sequence"), of one handler alone, too: kafkajs
#           hands the record over again and again, none is committed, and those behind it wait, while NATS goes on.
#           (nestjs/nest #7913, #10184 and #12091 were about interceptors of such handlers; of this no report was found.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @nestjs/microservices@12.1.1 @nestjs/core@12.5.1 @nestjs/common@12.5.1 @nats-io/transport-node@3.4.0 kafkajs@2.2.4 \
  reflect-metadata@0.2.2 rxjs@7.8.2
nats_server_package 2.15.1
cat >probe.mjs <<'EOF'
import 'reflect-metadata';
import { connect } from '@nats-io/transport-node';
import { NestFactory } from '@nestjs/core';
import { Controller, Module } from '@nestjs/common';
import { EventPattern, KafkaContext, ServerKafka, Transport } from '@nestjs/microservices';
import { EMPTY, tap, timer } from 'rxjs';

const servers = `nats://127.0.0.1:${process.env.PORT}`;
const connection = await connect({ servers, waitOnFirstConnect: true });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let done = [];

function controller(handle) {
  class Orders {
    on() {
      return handle();
    }
  }
  EventPattern('orders')(Orders.prototype, 'on', Object.getOwnPropertyDescriptor(Orders.prototype, 'on'));
  Controller()(Orders);
  return Orders;
}
async function started(handlers, options) {
  class App {}
  Module({ controllers: handlers.map(controller) })(App);
  const app = await NestFactory.createMicroservice(App, { ...options, logger: false });
  await app.listen();
  return app;
}
const finished = () => (done.length ? done.sort().join(' and ') : 'nothing');

async function overNats(handlers) {
  done = [];
  const app = await started(handlers, { transport: Transport.NATS, options: { servers } });
  await pause(300); // its subscriptions are at the server
  connection.publish('orders', '{"id":7}');
  await pause(500);
  await app.close();
  return finished();
}
// Nest's own Kafka strategy without its connection: what the promise says that kafkajs's eachMessage waits for.
class Unconnected extends ServerKafka {
  listen(callback) {
    callback();
  }
}
async function overKafka(handlers) {
  done = [];
  const strategy = new Unconnected({});
  const app = await started(handlers, { strategy });
  const handled = strategy.handleEvent('orders', { pattern: 'orders', data: { id: 7 } }, new KafkaContext([{}, 0, 'orders']));
  const outcome = await handled.then(() => 'handled', (error) => `FAILED by "${error.message}"`);
  await pause(300);
  await app.close();
  return `${finished()}, record ${outcome}`;
}
const invoices = {
  stored: () => void done.push('invoice'),
  failing: () => {
    throw new Error('no customer');
  },
  empty: () => EMPTY,
};
const mails = {
  'an Observable': () => timer(50).pipe(tap(() => done.push('mail'))),
  'async': () => pause(50).then(() => void done.push('mail')),
};
for (const [kind, mail] of Object.entries(mails))
  for (const [state, invoice] of Object.entries(invoices)) {
    console.log(`invoice ${state}, mail ${kind}: over NATS ${await overNats([invoice, mail])}; over Kafka ${await overKafka([invoice, mail])}`);
  }
const swapped = [mails['an Observable'], invoices.empty];
console.log(`mail an Observable, then invoice empty: over NATS ${await overNats(swapped)}; over Kafka ${await overKafka(swapped)}`);
console.log(`invoice empty, alone: over Kafka ${await overKafka([invoices.empty])}`);
await connection.close();
EOF
cat >expected <<'EOF'
invoice stored, mail an Observable: over NATS invoice and mail; over Kafka invoice and mail, record handled
invoice failing, mail an Observable: over NATS nothing; over Kafka nothing, record FAILED by "Internal server error"
invoice empty, mail an Observable: over NATS nothing; over Kafka nothing, record FAILED by "no elements in sequence"
invoice stored, mail async: over NATS invoice and mail; over Kafka invoice and mail, record handled
invoice failing, mail async: over NATS mail; over Kafka mail, record FAILED by "Internal server error"
invoice empty, mail async: over NATS mail; over Kafka mail, record FAILED by "no elements in sequence"
mail an Observable, then invoice empty: over NATS nothing; over Kafka nothing, record FAILED by "no elements in sequence"
invoice empty, alone: over Kafka nothing, record FAILED by "no elements in sequence"
EOF
start_nats_server
node probe.mjs | tee seen
compare
