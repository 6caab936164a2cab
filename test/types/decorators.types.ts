/**
 * Checked by `npm run typecheck`, never run: what compiles, and after each `@ts-expect-error` what must not.
 */
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  type BrokerDefinition,
  Ctx,
  MessageContext,
  MessageKey,
  Payload,
  PublishTo,
  type StandardSchema,
  Subscribe,
  type SubscribeOptions,
} from 'nestjs-multi-broker';
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

  // @ts-expect-error: a key is text
  @PublishTo('events', 'x', { key: 5 })
  wrongKey() {}
}

/** With a schema the first parameter is the payload, and takes what the schema gives. */
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

  // @ts-expect-error: the payload is the first parameter
  @Subscribe('orders', 'x', { schema: order })
  swapped(@Ctx() _context: MessageContext, @Payload() _order: { id: number }) {}

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
