import { Injectable } from '@nestjs/common';
import { Broker, InjectBroker, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';

@Injectable()
export class Bridge {
  private arrive: (text: string) => void = () => undefined;
  readonly arrived = new Promise<string>((resolve) => (this.arrive = resolve));

  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  send(text: string) {
    return this.orders.publish('incoming', text);
  }

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  fromKafka(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', 'outgoing')
  fromNats(@Payload() text: string) {
    this.arrive(text);
  }
}
