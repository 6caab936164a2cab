import { Injectable, Logger } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';

@Injectable()
export class Bridge {
  private readonly logger = new Logger(Bridge.name);

  // Holds until 'events' is there: nothing is read from Kafka that could not be passed on.
  @Subscribe('orders', 'late-incoming')
  @PublishTo('events', 'late-outgoing')
  forward(@Payload() text: string): string {
    this.logger.log(`passes on "${text}"`);
    return text;
  }

  @Subscribe('events', 'late-outgoing')
  arrived(@Payload() text: string): void {
    this.logger.log(`"${text}" arrived`);
  }
}
