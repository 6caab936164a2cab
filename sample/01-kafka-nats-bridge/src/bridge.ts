import { Injectable, Logger } from '@nestjs/common';
import { Ctx, MessageContext, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';

/** What arrives at Kafka is passed on to NATS, where another handler of the same application sees it. */
@Injectable()
export class Bridge {
  private readonly logger = new Logger(Bridge.name);

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  fromKafka(@Payload() text: string, @Ctx() context: MessageContext): string {
    this.saw('fromKafka', text, context);
    return text;
  }

  @Subscribe('events', 'outgoing')
  fromNats(@Payload() text: string, @Ctx() context: MessageContext): void {
    this.saw('fromNats', text, context);
  }

  private saw(handler: string, text: string, { broker, source }: MessageContext): void {
    this.logger.log(`${handler} saw "${text}" on ${broker.name} (${broker.kind}, ${source})`);
  }
}
