/**
 * Checked by `npm run typecheck`, never run: what compiles, and after each `@ts-expect-error` what must not.
 */
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  type BrokerDefinition,
  type BrokerMessage,
  Ctx,
  fromConfig,
  MessageContext,
  MessageKey,
  Payload,
  PublishTo,
  type StandardSchema,
  Subscribe,
  type SubscribeOptions,
} from 'nestjs-multi-broker';
import type { KafkaBrokerDefinition } from 'nestjs-multi-broker/kafka';
import 'nestjs-multi-broker/nats';
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

  @Subscribe('orders', 'x', { schema: order, retry: { retryIf: (error) => error.message !== '' }, filter: () => true })
  @PublishTo('events', 'y', { key: (shipment: Shipment) => shipment.customer })
  everything(@Payload() _order: { id: number }) {
    return { customer: 'Ada' };
  }

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
