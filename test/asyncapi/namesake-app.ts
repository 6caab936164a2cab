import { Injectable, Module, ParseArrayPipe, type Type } from '@nestjs/common';
import { IsString } from 'class-validator';
import { z } from 'zod';
import { Handlers, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject, toStream } from '../../lib/nats/index.js';

const Order = z.object({ id: z.string() }).meta({ title: 'Order' });

class Line {
  @IsString()
  sku: string = '';
}

class Answer {
  @IsString()
  text: string = '';
}

/** Two clusters with the same prefix, topics and group, and NATS with a stream and subjects of the same names. */
const definitions = [
  kafkaBroker({ name: 'east', groupId: 'shop', prefix: 'eu.', client: { brokers: ['east:9092'] } }),
  kafkaBroker({ name: 'west', groupId: 'shop', prefix: 'eu.', client: { brokers: ['west:9092'] } }),
  natsBroker({ name: 'events', prefix: 'eu.', client: { servers: 'nats:4222' } }),
];

@Injectable()
@Handlers({ broker: 'east', prefix: 'orders.', deadLetter: '{source}.dlq', retry: { attempts: 2 } })
class Orders {
  @Subscribe('created', { schema: Order })
  @PublishTo('west', 'orders.created', { schema: Order })
  @PublishTo('events', toStream('orders.created'), { schema: Order })
  created(order: z.infer<typeof Order>) {
    return order;
  }

  /** Placeholders with the name that dead letters have for their source. */
  @Subscribe('{source}.copied')
  @PublishTo('events', toStream('copies.{source}'))
  copied(@Payload() line: Line): Line {
    return line;
  }

  @Subscribe(topic('lines', { groupId: 'lines' }), { batch: { maxSize: 10 }, deadLetter: 'dlq' })
  lines(@Payload(new ParseArrayPipe({ items: Line })) _lines: Line[]): void {}
}

@Injectable()
class Mirror {
  @Subscribe('west', 'orders.created', { deadLetter: { broker: 'east', destination: 'orders.created.dlq' } })
  @PublishTo('events', 'orders.created')
  copy(@Payload() order: object) {
    return order;
  }

  @Subscribe('east', topic(/^orders\..*\.dlq$/, { groupId: 'letters' }))
  letters(@Payload() _letter: Uint8Array): void {}
}

/** Another class of that name, with the same method, source and group on the other cluster. */
function namesake(): Type {
  @Injectable()
  class Mirror {
    @Subscribe('east', topic('orders.created', { groupId: 'mirror' }), { deadLetter: 'orders.created.dlq' })
    @PublishTo('events', 'orders.created')
    copy(@Payload() line: Line): Line {
      return line;
    }

    @Subscribe('events', subject('help'), { reply: true })
    async answer(@Payload() _line: Line): Promise<Answer> {
      return Promise.resolve(new Answer());
    }
  }
  return Mirror;
}

@Injectable()
class Desk {
  @Subscribe('events', stream('orders', { durable: 'desk', subjects: ['orders.>', 'copies.*'] }))
  kept(@Payload() _order: object): void {}

  @Subscribe('events', subject('orders', { queue: 'desk' }))
  asked(): Answer {
    return new Answer();
  }

  @Subscribe('events', 'help.{topic}', { reply: true })
  help(@Payload() _line: Line): Answer {
    return new Answer();
  }
}

@Module({
  imports: [MultiBrokerModule.forRoot(definitions, { inMemory: true })],
  providers: [Orders, Mirror, namesake(), Desk],
})
export class NamesakeModule {}
