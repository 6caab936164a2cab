import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Broker, InjectBroker } from 'nestjs-multi-broker';

/** Publishes a few messages by itself, so that there is something to see. */
@Injectable()
export class Greeter implements OnApplicationBootstrap {
  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  /** Consumers start after this; what is published before waits for them, as Kafka keeps it. */
  async onApplicationBootstrap(): Promise<void> {
    for (const text of ['Hi!', 'How are you?', 'Bye.']) await this.orders.publish('incoming', text);
  }
}
