import { Injectable, Logger } from '@nestjs/common';
import { Ctx, MessageContext, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { toStream } from 'nestjs-multi-broker/nats';
import { z } from 'zod';
import { parked, priced } from './brokers.js';

/** The document of the application has these, and messages are validated by them. */
export const Order = z.object({ id: z.string(), article: z.string(), pieces: z.int().positive() });
export const PricedOrder = Order.extend({ euros: z.number() });

const PRICES: Readonly<Record<string, number>> = { tea: 4, coffee: 6 };

/** From Kafka to JetStream: one trace, however many brokers it passes. */
@Injectable()
export class Bridge {
  private readonly logger = new Logger(Bridge.name);

  @Subscribe('orders', 'sample-orders', { schema: Order })
  @PublishTo('events', toStream('observed.priced'), { schema: PricedOrder })
  price(@Payload() order: z.infer<typeof Order>): z.infer<typeof PricedOrder> {
    const price = PRICES[order.article];
    if (price === undefined) throw new Error(`no price for ${order.article}`);
    return { ...order, euros: price * order.pieces };
  }

  @Subscribe('events', priced, { schema: PricedOrder })
  ship(@Payload() { id, euros }: z.infer<typeof PricedOrder>): void {
    this.logger.log(`order ${id} of ${euros} EUR is shipped`);
  }

  @Subscribe('events', parked)
  alarm(@Ctx() { message: { headers } }: MessageContext): void {
    this.logger.warn(`${headers['dead-letter-handler']} has parked a message: ${headers['dead-letter-message']}`);
  }
}
