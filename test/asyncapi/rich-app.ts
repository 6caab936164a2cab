import { Injectable, Module, type Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type as TypeOf } from 'class-transformer';
import { IsInt, IsOptional, IsPositive, IsString, ValidateNested } from 'class-validator';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import {
  BatchContext,
  type BrokerDefinition,
  byHeader,
  Ctx,
  MultiBrokerModule,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';

export const Order = z
  .object({ id: z.string(), lines: z.array(z.object({ sku: z.string(), count: z.int().positive() })) })
  .meta({ title: 'Order', examples: [{ id: 'o-1', lines: [] }] });
export const Category = z.object({
  name: z.string(),
  get children() {
    return z.array(Category);
  },
});
export const Paid = type({ id: 'string', amount: 'number > 0' });
export const Stock = v.object({ sku: v.pipe(v.string(), v.minLength(2)), left: v.number() });

export class Address {
  @IsString()
  street: string = '';
}

export class Customer {
  @IsString()
  name: string = '';

  @IsPositive()
  @IsInt()
  age: number = 1;

  @IsOptional()
  @ValidateNested({ each: true })
  @TypeOf(() => Address)
  addresses?: Address[];
}

export class Price {
  @ApiProperty({ example: 12.5 })
  amount: number = 0;

  @ApiProperty({ nullable: true, type: String })
  currency: string | null = null;
}

export class Receipt {
  @ApiProperty({ type: () => Price, isArray: true })
  prices: Price[] = [];
}

@Injectable()
export class Orders {
  @Subscribe('orders', 'created', {
    schema: Order,
    deadLetter: { broker: 'events', destination: toStream('dead.{source}', { stream: 'DEAD' }) },
  })
  @PublishTo('archive', 'created', { schema: Order })
  @PublishTo('events', toStream('orders.created', { stream: 'SHOP' }), { schema: Order, when: () => true })
  created(order: z.infer<typeof Order>) {
    return order;
  }

  @Subscribe('archive', 'created', {
    batch: { maxSize: 100, maxWaitMs: 50 },
    schema: Order,
    deadLetter: '{source}.dlq',
  })
  archived(_orders: unknown[], @Ctx() _: BatchContext) {}

  @Subscribe('events', stream('SHOP', { durable: 'billing', subjects: ['orders.>', 'paid'], filter: 'orders.{step}' }))
  @PublishTo('events', 'invoices.{step}')
  shop(@Payload() _: Customer): Receipt {
    return new Receipt();
  }

  @Subscribe('orders', 'customers.{region}.{id}', { concurrency: 8, ack: 'reject-on-error' })
  customer(_: Customer) {}

  @Subscribe('orders', topic(/^log\.(?<level>\w{3,5})$/), { deadLetter: 'logs.dead' })
  log(_: string) {}

  @Subscribe('events', subject('invoices.*', { queue: 'billing' }))
  invoice(_: Receipt) {}

  @Subscribe('events', 'price.of', { schema: Stock })
  price(_: v.InferOutput<typeof Stock>): Price {
    return new Price();
  }

  @Subscribe('events', 'audit.>')
  audit(_: Uint8Array) {}

  @Subscribe('orders', 'mixed', { filter: byHeader('type', 'paid'), schema: Paid })
  paid(_: typeof Paid.infer) {}

  @Subscribe('orders', 'mixed', { schema: Category })
  @PublishTo('events', 'stats', { bestEffort: true })
  rest(_: z.infer<typeof Category>) {}
}

const secret = 'S3CRET';

export const definitions: readonly BrokerDefinition[] = [
  kafkaBroker({
    name: 'orders',
    groupId: 'shop',
    client: {
      brokers: ['kafka-1:9093', 'kafka-2:9093'],
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: secret, password: secret },
    },
    topics: { created: { partitions: 6, replication: 3, config: { 'retention.ms': '86400000' } } },
  }),
  kafkaBroker({ name: 'archive', groupId: 'shop', client: { brokers: ['archive:9092'] }, critical: false }),
  natsBroker({ name: 'events', client: { servers: 'nats://nats:4222', user: secret, pass: secret } }),
];

/** An application module of all that a document can tell of. */
export function richModule(handlers: Type = Orders): Type {
  @Module({ imports: [MultiBrokerModule.forRoot(definitions)], providers: [handlers] })
  class AppModule {}
  return AppModule;
}

/** All that the specification recommends, so that a parser has nothing to say. */
export const info = {
  title: 'Shop',
  version: '1.2.3',
  description: 'Orders of the shop',
  contact: { name: 'Shop team', url: 'https://example.com', email: 'shop@example.com' },
  license: { name: 'MIT', url: 'https://example.com/license' },
  tags: [{ name: 'shop' }],
} as const;
