import { Injectable } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';

/** From `in` of Kafka to `out` of NATS, for a {@link testApp}. */
@Injectable()
export class Bridge {
  @Subscribe('orders', 'in')
  @PublishTo('events', 'out')
  pass(@Payload() text: string) {
    return text;
  }
}

/** The far side. */
@Injectable()
export class Reader {
  @Subscribe('events', 'out')
  read(@Payload() _text: string) {}
}
