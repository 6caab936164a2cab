// What a call of a handler costs, by the compiled function and by Nest's ExternalContextCreator, in ns a call.
// Build first, then: node bench/handlers.mjs [folder of the ES modules] [als]
// With `als` an AsyncLocalStorage is in use, as OpenTelemetry and nestjs-cls have one: on Node 20 promises then cost more.
import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { resolve } from 'node:path';
import { Injectable, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer, NestFactory } from '@nestjs/core';

const folder = resolve(process.argv[2] ?? 'dist/esm');
const load = (file) => import(`${folder}/${file}`);
const { Subscribe, Payload, Ctx, MessageContext } = await load('index.js');
const { compiledCall } = await load('handlers/compiled-call.js');
const { externalCall } = await load('handlers/external-call.js');
const { findHosts } = await load('handlers/find-hosts.js');
const { creatorFor } = await load('handlers/nest-internals.js');
const { resultItems } = await load('handlers/result-items.js');

if (process.argv.includes('als')) new AsyncLocalStorage().run(1, () => {});

class Context extends MessageContext {
  message = { payload: { id: 1 } };
}

const pass = {
  guard: { canActivate: () => true },
  later: { canActivate: async () => true },
  pipe: { transform: (value) => value },
  interceptor: { intercept: (_, next) => next.handle() },
  filter: Object.assign(Object.create({ constructor: class {} }), { catch: () => undefined }),
};

const variants = {
  'no parameters': [],
  '@Payload()': [[Payload(), 0]],
  '@Payload(), @Ctx()': [
    [Payload(), 0],
    [Ctx(), 1],
  ],
  pipe: [[Payload(pass.pipe), 0]],
  guard: [[Payload(), 0], UseGuards(pass.guard)],
  'async guard': [[Payload(), 0], UseGuards(pass.later)],
  filter: [[Payload(), 0], UseFilters(pass.filter)],
  '1 interceptor': [[Payload(), 0], UseInterceptors(pass.interceptor)],
  '3 interceptors': [[Payload(), 0], UseInterceptors(pass.interceptor, pass.interceptor, pass.interceptor)],
  'guard, interceptor, pipe': [
    [Payload(), 0],
    UseGuards(pass.guard),
    UseInterceptors(pass.interceptor),
    UsePipes(pass.pipe),
  ],
};

/** Decorators write on the function: each class needs one of its own. */
function classOf(decorators, method) {
  class Handler {}
  Handler.prototype.handle = method;
  const descriptor = Object.getOwnPropertyDescriptor(Handler.prototype, 'handle');
  for (const decorator of decorators) {
    if (Array.isArray(decorator)) decorator[0](Handler.prototype, 'handle', decorator[1]);
    else decorator(Handler.prototype, 'handle', descriptor);
  }
  Subscribe('b', 's')(Handler.prototype, 'handle', descriptor);
  Injectable()(Handler);
  return Handler;
}

async function callsOf(type, way) {
  class Root {}
  Reflect.defineMetadata('providers', [type], Root);
  const app = await NestFactory.createApplicationContext(Root, { logger: false });
  const host = findHosts(app.get(ModulesContainer).values()).find(({ className }) => className === 'Handler');
  return way({ ...host, method: 'handle' }, creatorFor(app.get(ExternalContextCreator), host.module));
}

async function nsOf(call) {
  const context = new Context();
  const rounds = [];
  for (let round = 0; round < 7; round++) {
    const calls = 60_000;
    const begin = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) {
      const result = call(context);
      if (result !== undefined) await result;
    }
    rounds.push(Number(process.hrtime.bigint() - begin) / calls);
  }
  return Math.min(...rounds.slice(2)).toFixed(0);
}

const methods = {
  sync: () => function handle() {},
  async: () => async function handle() {},
};
for (const [kind, method] of Object.entries(methods)) {
  console.log(`\n${kind} method, alone: ${await nsOf(method())} ns`);
  const rows = {};
  for (const [name, decorators] of Object.entries(variants)) {
    // With what the result is made into, as delivery gets it.
    const compiled = await callsOf(classOf(decorators, method()), compiledCall);
    const external = await callsOf(classOf(decorators, method()), externalCall);
    rows[name] = {
      compiled: await nsOf((context) => resultItems(compiled(context))),
      Nest: await nsOf((context) => resultItems(external(context))),
    };
  }
  console.table(rows);
}
