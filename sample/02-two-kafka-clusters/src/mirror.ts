import { Injectable, Logger } from '@nestjs/common';
import { Ctx, MessageContext, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { east, west } from './brokers.js';

/** Copies a topic of one cluster to another; key and headers cross, so that a key keeps its order. */
@Injectable()
export class Mirror {
  private readonly logger = new Logger(Mirror.name);

  // Bound by the definition instead of its name: the source is then typed by the kind of the broker.
  @Subscribe(west, 'orders')
  @PublishTo(east, 'orders-copy', { forward: { key: true, headers: true } })
  copy(@Payload() order: unknown): unknown {
    return order;
  }

  @Subscribe(east, 'orders-copy')
  arrived(@Payload() order: unknown, @Ctx() context: MessageContext): void {
    const { broker, message } = context;
    this.logger.log(`${JSON.stringify(order)} with key ${String(message.key)} arrived on ${broker.name}`);
  }
}
