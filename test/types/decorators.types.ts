/**
 * Checked by `npm run typecheck`, never run: what compiles, and after each `@ts-expect-error` what must not.
 */
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  type Broker,
  type BrokerDefinition,
  type BrokerMessage,
  byHeader,
  byType,
  Ctx,
  fromConfig,
  Handlers,
  MessageContext,
  MessageKey,
  type MessageParams,
  outgoing,
  Payload,
  PublishTo,
  type StandardSchema,
  Subscribe,
  type SubscribeOptions,
} from 'nestjs-multi-broker';
import type { KafkaBrokerDefinition } from 'nestjs-multi-broker/kafka';
import 'nestjs-multi-broker/nats';
import { of } from 'rxjs';
import { z } from 'zod';
import { fakeBroker, queue, toQueue } from '../support/fake-kind.js';

declare module 'nestjs-multi-broker/driver' {
  interface BrokerKinds {
    other: { source: { readonly kind: 'other'; readonly pattern: string }; destination: { readonly kind: 'other' } };
  }
}

declare const other: BrokerDefinition<'other'>;
declare const unregistered: BrokerDefinition<'unregistered'>;
declare const anyKind: BrokerDefinition;
declare const options: SubscribeOptions;

interface Shipment {
  readonly customer: string;
}

declare const kafka: KafkaBrokerDefinition;
const fake = fakeBroker({ name: 'fake' });
const pattern = { kind: 'other', pattern: '*' } as const;
const order = z.object({ id: z.number(), at: z.string().transform((text) => new Date(text)) });

@Controller()
export class Methods {
  @Subscribe('orders', 'x')
  none() {}

  @Subscribe('orders', 'x')
  async payload(@Payload() _payload: { readonly id: number }) {}

  @Subscribe('orders', 'x')
  undecorated(_payload: string, context: MessageContext) {
    context.ack();
  }

  @Subscribe('orders', 'x')
  swapped(@Ctx() _context: MessageContext, @Payload() _payload: string) {}

  @Get()
  @UseGuards()
  @Subscribe('orders', 'x')
  @PublishTo('events', 'y')
  *beside(@Payload() _payload: string, @MessageKey() _key?: string) {
    yield 1;
  }
}

/** By name, sources of all kinds are accepted; by definition, those of its kind. */
export class Sources {
  @Subscribe('orders', queue('x'))
  @Subscribe('orders', pattern)
  @Subscribe(fake, queue('x'))
  @Subscribe(fake, 'x')
  @Subscribe(other, pattern)
  @Subscribe(anyKind, pattern)
  @Subscribe(unregistered, { kind: 'whatever' })
  fine() {}

  // @ts-expect-error: a source of another kind
  @Subscribe(fake, pattern)
  wrongKind() {}

  // @ts-expect-error: a source of another kind
  @Subscribe(other, queue('x'))
  wrongKindAgain() {}

  // @ts-expect-error: no source
  @Subscribe(fake, 5)
  number() {}
}

export class Destinations {
  @PublishTo('events', toQueue('x'))
  @PublishTo(fake, toQueue('x'))
  @PublishTo(fake, 'x', { key: (result, { message }) => message.key ?? String(result), headers: { a: 'b' } })
  @PublishTo(other, { kind: 'other' })
  @PublishTo('events', 'x', { forward: { key: true, headers: ['a'] } })
  fine() {}

  // @ts-expect-error: a destination of another kind
  @PublishTo(other, toQueue('x'))
  wrongKind() {}

  @PublishTo('events', 'x', {
    key: (shipment: Shipment) => shipment.customer,
    headers: (shipment: Shipment, { source }) => ({ source, customer: shipment.customer }),
  })
  typedFields(): Shipment {
    return { customer: 'Ada' };
  }

  @PublishTo('events', 'x', { key: (result) => String(result satisfies unknown) })
  untypedFields() {}

  // @ts-expect-error: a key of a typed result is text too
  @PublishTo('events', 'x', { key: (shipment: Shipment) => shipment.customer.length })
  wrongTypedKey() {}

  // @ts-expect-error: a key is text
  @PublishTo('events', 'x', { key: 5 })
  wrongKey() {}
}

export class DeadLetters {
  @Subscribe('orders', 'a', { deadLetter: '{source}.dlq' })
  @Subscribe('orders', 'b', { deadLetter: false })
  @Subscribe('orders', 'c', { deadLetter: { destination: toQueue('x') } })
  @Subscribe('orders', 'd', {
    deadLetter: {
      broker: 'events',
      destination: 'x',
      headers: (error, { message, source }) => ({ error: error.message, source, id: message.id }),
    },
  })
  @Subscribe('orders', 'e', {
    deadLetter: {
      destination: 'x',
      headers: (_error: Error, context: MessageContext) => [['id', Buffer.from(context.message.id)]],
    },
  })
  fine(_payload: unknown, context: MessageContext) {
    context.deadLetter('a reason');
  }

  // @ts-expect-error: a destination is missing
  @Subscribe('orders', 'a', { deadLetter: { broker: 'events' } })
  noDestination() {}

  // @ts-expect-error: a header is text or bytes
  @Subscribe('orders', 'a', { deadLetter: { destination: 'x', headers: () => ({ attempts: 5 }) } })
  wrongHeaders() {}
}

/** With a schema a parameter that is not the context takes what the schema gives, or a property of it. */
export class Schemas {
  @Subscribe('orders', 'x', { schema: order })
  exact(@Payload() _order: { id: number; at: Date }, @Ctx() _context: MessageContext) {}

  @Subscribe('orders', 'x', { schema: order })
  wider(@Payload() _order: { id: number }) {}

  @Subscribe('orders', 'x', { schema: order })
  unknownPayload(_order: unknown) {}

  @Subscribe('orders', 'x', { schema: order })
  none() {}

  @Subscribe(fake, queue('x'), { schema: order, retry: { attempts: 1 } })
  byDefinition(@Payload() _order: z.output<typeof order>) {}

  // @ts-expect-error: what the schema takes is not what it gives
  @Subscribe('orders', 'x', { schema: order })
  input(@Payload() _order: { id: number; at: string }) {}

  // @ts-expect-error: the schema gives an object
  @Subscribe('orders', 'x', { schema: order })
  other(@Payload() _order: string) {}

  @Subscribe('orders', 'x', { schema: order })
  swapped(@Ctx() _context: MessageContext, @Payload() _order: { id: number }) {}

  @Subscribe('orders', 'x', { schema: order })
  contextOnly(@Ctx() _context: MessageContext) {}

  @Subscribe('orders', 'x', { schema: order })
  keyFirst(@MessageKey() _key: string | undefined, @Payload() _order: z.output<typeof order>) {}

  @Subscribe('orders', 'x', { schema: order })
  property(@Payload('id') _id: number) {}

  @Subscribe('orders', 'x', { schema: order })
  properties(@Ctx() _context: MessageContext, @Payload('at') _at: Date, @Payload('id') _id: number) {}

  @Subscribe('orders', 'x', { schema: order })
  optional(@Payload() _order?: { id: number }, @Ctx() _context?: MessageContext) {}

  @Subscribe('orders', 'x', { schema: z.string() })
  text(@Payload() _text: string) {}

  @Subscribe('orders', 'x', { schema: order, filter: ({ key, payload }) => key !== undefined && payload.id > 0 })
  filtered(@Payload() _order: { id: number; at: Date }) {}

  @Subscribe('orders', 'x', { filter: ({ payload }) => payload.at.length > 1, schema: order })
  filteredByPayload(@Payload() _order: { id: number; at: Date }) {}

  // @ts-expect-error: it is filtered before the schema makes a Date of it
  @Subscribe('orders', 'x', { schema: order, filter: ({ payload }) => payload.at.getTime() > 1 })
  filteredByOutput(@Payload() _order: { id: number; at: Date }) {}

  @Subscribe('orders', 'x', { filter: (message) => message.headers['a'] === 'b', schema: order })
  filteredFirst(@Payload() _order: { id: number; at: Date }) {}

  @Subscribe('orders', 'x', {
    schema: order,
    filter: (message: BrokerMessage<{ id: number }>) => message.payload.id > 1,
  })
  filteredTyped(@Payload() _order: { id: number; at: Date }) {}

  @Subscribe('orders', 'x', { filter: (message: BrokerMessage<{ id: number }>) => message.payload.id > 1 })
  filteredTypedWithoutSchema(@Payload() _order: unknown) {}

  @Subscribe('orders', 'x', { filter: async ({ payload }) => payload.id > 1, schema: order })
  filteredLater(@Payload() _order: { id: number }) {}

  @Subscribe('orders', 'x', { filter: byType(order), schema: order, unmatched: 'reject' })
  filteredBySchema(@Payload() _order: { id: number }) {}

  @Subscribe('orders', 'x', { filter: byType(Methods) })
  filteredByClass(@Payload() _order: unknown) {}

  @Subscribe('orders', 'x', { filter: byHeader('type', ['a', /b/]), schema: order })
  filteredByHeader(@Payload() _order: { id: number }) {}

  // @ts-expect-error: a filter says yes or no
  @Subscribe('orders', 'x', { filter: ({ payload }) => payload })
  filteredByText(@Payload() _order: unknown) {}

  @Subscribe('orders', 'x', { schema: order, retry: { retryIf: (error) => error.message !== '' }, filter: () => true })
  @PublishTo('events', 'y', { key: (shipment: Shipment) => shipment.customer })
  everything(@Payload() _order: { id: number }) {
    return { customer: 'Ada' };
  }

  @Subscribe('orders', 'x', {
    schema: order,
    concurrency: { perLane: 2, orderBy: ({ key, payload }) => (payload.id > 0 ? String(payload.id) : key) },
  })
  orderedByPayload(@Payload() _order: { id: number; at: Date }) {}

  // @ts-expect-error: the order is known before the schema makes a Date of it
  @Subscribe('orders', 'x', { schema: order, concurrency: { orderBy: ({ payload }) => payload.at.toISOString() } })
  orderedByOutput(@Payload() _order: { id: number; at: Date }) {}

  // @ts-expect-error: an order is told by a text
  @Subscribe('orders', 'x', { schema: order, concurrency: { perLane: 2, orderBy: ({ payload }) => payload.id } })
  orderedByNumber(@Payload() _order: { id: number; at: Date }) {}

  @Subscribe('orders', 'x', { concurrency: { perLane: 2, orderBy: ({ headers }) => headers['tenant'] } })
  orderedWithoutSchema(@Payload() _order: string) {}

  @Subscribe('orders', 'x', {
    concurrency: { perLane: 2, orderBy: (message: BrokerMessage<{ id: string }>) => message.payload.id },
  })
  orderedTyped(@Payload() _order: unknown) {}

  @Subscribe('orders', 'x', { concurrency: fromConfig(Config, () => ({ perLane: 2, orderBy: 'none' as const })) })
  orderedByConfig(@Payload() _order: unknown) {}

  @Subscribe('orders', 'x', { concurrency: fromConfig(Config, () => 16) })
  manyByConfig(@Payload() _order: unknown) {}

  // @ts-expect-error: the schema gives no text, wherever the payload stands
  @Subscribe('orders', 'x', { schema: order })
  swappedWrong(@Ctx() _context: MessageContext, @Payload() _order: string) {}

  // @ts-expect-error: no property of the schema is a boolean
  @Subscribe('orders', 'x', { schema: order })
  wrongProperty(@Payload('id') _id: boolean) {}

  // @ts-expect-error: no schema
  @Subscribe('orders', 'x', { schema: { parse: () => 1 } })
  noSchema() {}
}

/** What a method returns, whatever it is wrapped in, is what the publisher's schema takes. */
export class Results {
  @PublishTo('events', 'y', { schema: order })
  value() {
    return { id: 1, at: 'now' };
  }

  @PublishTo('events', 'y', { schema: order, when: (given: { id: number }) => given.id > 1, dedupeId: 'x' })
  async later() {
    return Math.random() > 1 ? undefined : { id: 1, at: 'now' };
  }

  @PublishTo(fake, 'y', { schema: order })
  wrapped() {
    return outgoing({ id: 1, at: 'now' }, { key: 'k' });
  }

  @PublishTo('events', 'y', { schema: order })
  several() {
    return outgoing.each([{ id: 1, at: 'now' }]);
  }

  @PublishTo('events', 'y', { schema: order })
  emitted() {
    return of({ id: 1, at: 'now' });
  }

  @PublishTo('events', 'y', { schema: order })
  async *yielded() {
    yield { id: 1, at: 'now' };
  }

  @PublishTo('events', 'y', { schema: order })
  changedByAnInterceptor(): unknown {
    return 1;
  }

  @PublishTo('events', 'y', fromConfig(Config, () => ({ schema: order })))
  configured() {
    return { id: 1, at: 'now' };
  }

  // @ts-expect-error: the schema takes a text
  @PublishTo('events', 'y', { schema: order })
  wrong() {
    return { id: 1, at: new Date() };
  }

  // @ts-expect-error: no item of it is taken
  @PublishTo('events', 'y', { schema: order })
  async *wrongItems() {
    yield 1;
  }

  // @ts-expect-error: when gives true or false
  @PublishTo('events', 'y', { when: () => 'yes' })
  wrongWhen() {}
}

declare const broker: Broker;

/** Explicit publishes and subscriptions are typed by their schema. */
export async function explicit(): Promise<void> {
  await broker.publish('x', { id: 1, at: 'now' }, { schema: order, dedupeId: 'a' });
  await broker.publish('x', outgoing({ id: 1, at: 'now' }), { schema: order });
  await broker.publishBatch('x', [{ id: 1, at: 'now' }], { schema: order });
  await broker.publish('x', 5, { key: 'k' });
  // @ts-expect-error: the schema takes a text
  await broker.publish('x', { id: 1, at: new Date() }, { schema: order });
  // @ts-expect-error: the schema takes a text
  await broker.publishBatch('x', [{ id: 1, at: new Date() }], { schema: order });

  await broker.subscribe('x', ({ at }) => at.getTime(), { schema: order });
  await broker.subscribe('x', (_order: { id: number }) => undefined, { schema: order });
  await broker.subscribe<Shipment>('x', ({ customer }) => customer);
  await broker.subscribe('x', (shipment: Shipment) => shipment.customer, { retry: { attempts: 1 } });
  await broker.subscribe('x', (_payload: unknown) => undefined, options);
  // @ts-expect-error: what the schema takes is not what it gives
  await broker.subscribe('x', (_order: { at: string }) => undefined, { schema: order });

  for await (const { payload } of broker.messages('x', { schema: order })) payload.at.getTime();
  for await (const { payload } of broker.messages<Shipment>('x')) payload.customer.trim();
  // @ts-expect-error: the loop settles its messages
  broker.messages('x', { ack: 'manual' });
}

export class Options {
  @Subscribe('orders', 'x', options)
  given(_payload: unknown) {}

  // @ts-expect-error: a mistyped option
  @Subscribe('orders', 'x', { retries: { attempts: 1 } })
  mistyped() {}

  // @ts-expect-error: no such policy
  @Subscribe('orders', 'x', { ack: 'never' })
  policy() {}
}

/** The decorators belong on methods. */
export class Places {
  // @ts-expect-error: not on a property
  @Subscribe('orders', 'x')
  property = 1;

  // @ts-expect-error: not on an accessor that gives no function
  @Subscribe('orders', 'x')
  get accessor() {
    return 1;
  }
}

// @ts-expect-error: not on a class
@Subscribe('orders', 'x')
export class Class {}

export const standard: StandardSchema<unknown, { id: number; at: Date }> = order;

declare class Config {
  get(name: string): string;
  on(name: string): boolean;
}

/** What is read from the container is typed as what is written. */
export class Configured {
  @Subscribe('orders', 'x', fromConfig(Config, (config) => ({ enabled: config.on('A'), ack: 'manual' })))
  options() {}

  @Subscribe('orders', 'x', {
    enabled: fromConfig('FLAGS', (flags: { readonly orders: boolean }) => flags.orders),
    reply: true,
  })
  one() {}

  @Subscribe(fake, fromConfig(Config, (config) => queue(config.get('A'))))
  @PublishTo(fake, fromConfig(Config, (config) => toQueue(config.get('B'))), { key: fromConfig(Config, () => 'k') })
  addresses() {}

  @Subscribe('orders', 'x', { schema: order, enabled: fromConfig(Config, (config) => config.on('A')) })
  schema(@Payload() _order: { id: number }) {}

  @Subscribe(kafka, 'x', { groupId: 'g', fromBeginning: false })
  @Subscribe(kafka, 'x', { groupId: fromConfig(Config, (config) => config.get('A')) })
  @Subscribe('orders', 'x', { groupId: 'g' })
  @Subscribe('orders', 'x', fromConfig(Config, (config) => ({ groupId: config.get('A'), enabled: true })))
  @Subscribe('events', 'x', { queue: false })
  group() {}

  // @ts-expect-error: a Kafka topic has no queue
  @Subscribe(kafka, 'x', { queue: 'q' })
  noQueue() {}

  // @ts-expect-error: no such policy
  @Subscribe('orders', 'x', { ack: fromConfig(Config, () => 'never') })
  policy() {}

  // @ts-expect-error: a text is not true or false
  @Subscribe('orders', 'x', fromConfig(Config, (config) => ({ enabled: config.get('A') })))
  text() {}

  // @ts-expect-error: a source of another kind
  @Subscribe(fake, fromConfig(Config, () => pattern))
  source() {}

  // @ts-expect-error: what the schema takes is not what it gives
  @Subscribe('orders', 'x', { schema: order, enabled: fromConfig(Config, (config) => config.on('A')) })
  input(@Payload() _order: { id: number; at: string }) {}
}

/** In a class of one broker the source comes first. */
@Handlers({ broker: 'orders', prefix: 'orders.', retry: { attempts: 1 } })
export class OfOneBroker {
  @Subscribe('created')
  @Subscribe('created', { groupId: 'g', retry: { attempts: 2 } })
  @Subscribe(queue('created'))
  fine() {}

  // @ts-expect-error: the schema gives no text
  @Subscribe('created', { schema: order })
  wrong(@Payload() _order: string) {}
}

// @ts-expect-error: no such policy
@Handlers({ broker: 'orders', ack: 'never' })
export class WrongDefaults {}

export const params: MessageParams<'orders.{region}.{id}'> = { region: 'eu', id: '7' };

// @ts-expect-error: a placeholder is missing
export const lacking: MessageParams<'orders.{region}.{id}'> = { region: 'eu' };

export const unknownParam = (given: MessageParams<'orders.{id}'>) =>
  // @ts-expect-error: no such placeholder
  given.ident;
