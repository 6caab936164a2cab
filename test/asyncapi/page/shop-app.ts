import { Injectable, Module, type INestApplication, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { AsyncApi, type PageOptions } from '../../../lib/asyncapi/index.js';
import {
  type BatchOptions,
  MultiBroker,
  MultiBrokerModule,
  Payload,
  PublishTo,
  Subscribe,
} from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';

const quiet: LoggerService = { log() {}, error() {}, warn() {} };

const kafka = (name: string) => kafkaBroker({ name, groupId: 'shop', client: { brokers: [`${name}.example:9092`] } });
const nats = natsBroker({ name: 'events', client: { servers: 'events.example:4222' } });

const Order = z.object({ id: z.string(), amount: z.number().min(1), currency: z.enum(['EUR', 'USD']) });
const BATCH: BatchOptions = { maxSize: 10, maxWaitMs: 50 };

/** Set by a test, so that each message fails until it is mended. */
export const state = { accountsAreDown: true, booked: [] as unknown[], refunded: [] as unknown[], reported: 0 };

@Injectable()
export class Orders {
  @Subscribe('east', 'orders', { schema: Order })
  @PublishTo('events', toStream('orders.confirmed'))
  confirm(@Payload() order: z.infer<typeof Order>) {
    return { id: order.id, state: 'confirmed' };
  }
}

@Injectable()
export class Payments {
  /** Held at the head of its partition for as long as the accounts are down. */
  @Subscribe('east', 'payments')
  @PublishTo('west', 'ledger')
  book(@Payload() payment: unknown) {
    if (state.accountsAreDown) throw new Error('The account service does not answer');
    state.booked.push(payment);
    return payment;
  }

  @Subscribe('west', 'refunds', { retry: { attempts: 1 }, deadLetter: 'refunds.dlq' })
  refund(@Payload() order: { id: string; broken?: boolean }) {
    if (order.broken === true && state.accountsAreDown) throw new Error(`No <b>account</b> for ${order.id}`);
    state.refunded.push(order);
  }
}

@Injectable()
export class Reports {
  @Subscribe('west', 'ledger', { batch: BATCH })
  sum(@Payload() entries: unknown[]): void {
    state.reported += entries.length;
  }

  @Subscribe('events', stream('ORDERS', { durable: 'reports', subjects: ['orders.*'] }), {
    deadLetter: { broker: 'events', destination: toStream('dead.reports', { stream: 'DEAD' }) },
    retry: { attempts: 1 },
  })
  count() {
    return undefined;
  }

  @Subscribe('events', stream('DEAD', { durable: 'alarm', subjects: ['dead.>'] }))
  alarm() {
    return undefined;
  }
}

@Module({
  imports: [MultiBrokerModule.forRoot([kafka('east'), kafka('west'), nats], { inMemory: true })],
  providers: [Orders, Payments, Reports],
})
class ShopModule {}

const open = new Set<INestApplication>();

export interface ShopApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly brokers: MultiBroker;
}

export interface ShopOptions extends PageOptions {
  readonly adapter?: 'express' | 'fastify';
  readonly path?: string;
  readonly globalPrefix?: string;
}

/** An application with two Kafka clusters and NATS, all on twins, that listens and has the page at `/asyncapi`. */
export async function shopApp(options: ShopOptions = {}): Promise<ShopApp> {
  const { adapter = 'express', path = '/asyncapi', globalPrefix, ...page } = options;
  Object.assign(state, { accountsAreDown: true, booked: [], refunded: [], reported: 0 });
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(ShopModule, new FastifyAdapter(), { logger: quiet })
      : await NestFactory.create(ShopModule, { logger: quiet });
  if (globalPrefix !== undefined) app.setGlobalPrefix(globalPrefix);
  AsyncApi.setup(path, app, { info: { title: 'Shop & Co', version: '1.0.0' }, ...page });
  open.add(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl(), brokers: app.get(MultiBroker) };
}

/** Put it in `afterEach`. */
export async function closeShopApps(): Promise<void> {
  const apps = [...open];
  open.clear();
  await Promise.all(apps.map((app) => app.close()));
}

/** Some traffic, after which a payment is held, and a refund is a dead letter. */
export async function traffic(brokers: MultiBroker): Promise<void> {
  const [east, west] = [brokers.get('east'), brokers.get('west')];
  await east.publish('orders', { id: 'o1', amount: 10, currency: 'EUR' });
  await west.publish('refunds', { id: 'r1', broken: true, secret: 'card 4111' });
  await west.publish('refunds', { id: 'r2' });
  for (const id of ['p1', 'p2', 'p3']) await east.publish('payments', { id }, { key: 'k' });
}
