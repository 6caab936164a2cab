import { Injectable, type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connect } from 'nats';
import { AsyncApi } from '../../lib/asyncapi/index.js';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { createTopic, realBrokers, uniqueName } from '../support/real-brokers.js';

/** What a test mends, and what comes of it. */
export interface Shop {
  accountsAreDown: boolean;
  readonly booked: unknown[];
  readonly shipped: unknown[];
}

/** An application on real servers, with names that no other test has. */
export interface RealShop {
  readonly app: INestApplication;
  readonly url: string;
  readonly brokers: MultiBroker;
  readonly shop: Shop;
  readonly orders: string;
  readonly payments: string;
  /** The stream of dead letters. */
  readonly dead: string;
  close(): Promise<void>;
}

interface Names {
  readonly orders: string;
  readonly payments: string;
  readonly shipments: string;
  readonly dead: string;
}

/** Whom the guard of the page takes for an operator. */
export const OPERATOR = { name: 'role', value: 'operator' } as const;

const isOperator = (request: unknown): boolean =>
  (request as { headers: { cookie?: string } }).headers.cookie?.includes('role=operator') === true;

export async function realShop(): Promise<RealShop> {
  const [orders, payments] = [await createTopic(uniqueName('orders'), 1), await createTopic(uniqueName('payments'), 1)];
  const names: Names = { orders, payments, shipments: uniqueName('SHIPMENTS'), dead: uniqueName('DEAD') };
  const removeStreams = await deadLetterStream(names);
  const shop: Shop = { accountsAreDown: true, booked: [], shipped: [] };
  const app = await NestFactory.create(moduleOf(names, shop), { logger: false, forceCloseConnections: true });
  AsyncApi.setup('/asyncapi', app, { info: { title: 'Shop', version: '1.0.0' }, admin: { guard: isOperator } });
  await app.listen(0, '127.0.0.1');
  const close = (): Promise<void> => app.close().finally(removeStreams);
  return { ...names, app, url: await app.getUrl(), brokers: app.get(MultiBroker), shop, close };
}

function moduleOf({ orders, payments, shipments, dead }: Names, shop: Shop): Type {
  @Injectable()
  class Shipping {
    @Subscribe('shop', orders, {
      retry: { attempts: 2, delayMs: 50 },
      deadLetter: { broker: 'events', destination: toStream(`${dead}.orders`, { stream: dead }) },
    })
    @PublishTo('events', toStream(`${shipments}.packed`))
    pack(@Payload() order: { id: string; address?: string }) {
      if (order.address === undefined && shop.accountsAreDown) throw new Error(`Order ${order.id} has no address`);
      return { order: order.id };
    }
  }

  @Injectable()
  class Payments {
    @Subscribe('shop', payments)
    book(@Payload() payment: unknown): void {
      if (shop.accountsAreDown) throw new Error('The account service does not answer');
      shop.booked.push(payment);
    }
  }

  @Injectable()
  class Warehouse {
    @Subscribe('events', stream(shipments, { durable: 'warehouse', subjects: [`${shipments}.*`], storage: 'memory' }))
    hand(@Payload() shipment: unknown): void {
      shop.shipped.push(shipment);
    }
  }

  const { kafka, nats } = realBrokers();
  const brokers = [
    kafkaBroker({ name: 'shop', groupId: uniqueName('shop'), client: { brokers: kafka } }),
    natsBroker({ name: 'events', client: { servers: nats } }),
  ];
  @Module({ imports: [MultiBrokerModule.forRoot(brokers)], providers: [Shipping, Payments, Warehouse] })
  class ShopModule {}
  return ShopModule;
}

/** No handler reads it, so that none creates it. */
async function deadLetterStream({ dead, shipments }: Names): Promise<() => Promise<void>> {
  const nc = await connect({ servers: realBrokers().nats });
  const jsm = await nc.jetstreamManager();
  await jsm.streams.add({ name: dead, subjects: [`${dead}.>`] });
  return async () => {
    for (const name of [dead, shipments]) await jsm.streams.delete(name).catch(() => undefined);
    await nc.close();
  };
}
