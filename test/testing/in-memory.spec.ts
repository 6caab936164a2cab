import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Broker,
  getBrokerToken,
  type MultiBrokerOptions,
  MultiBrokerModule,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { eventually } from '../support/eventually.js';

const client = { brokers: ['localhost:9092'] };

let app: INestApplicationContext | undefined;

async function start(handlers: Type, options: MultiBrokerOptions = {}): Promise<(name: string) => Broker> {
  @Module({
    imports: [
      MultiBrokerModule.forRoot(
        [
          kafkaBroker({ name: 'one', groupId: 'g', client }),
          kafkaBroker({ name: 'two', groupId: 'g', client }),
          natsBroker({ name: 'events', client: {} }),
        ],
        { inMemory: true, ...options },
      ),
    ],
    providers: [handlers],
  })
  class AppModule {}
  app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return (name) => app!.get<Broker>(getBrokerToken(name));
}

afterEach(() => app?.close());

describe('an application with inMemory: true', () => {
  it('runs without servers, on the wall clock', async () => {
    const seen: string[] = [];
    @Injectable()
    class Handlers {
      @Subscribe('one', 'incoming')
      @PublishTo('events', toStream('events.new'))
      forward(@Payload() text: string) {
        return text;
      }

      @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }))
      keep(@Payload() text: string) {
        seen.push(text);
        if (seen.length === 1) throw new Error('once');
      }
    }
    const broker = await start(Handlers);
    const receipt = await broker('one').publish('incoming', 'Hi!', { key: 'k' });
    expect(receipt.position).toMatch(/^incoming\[\d\]@0$/);
    await eventually(() => expect(seen).toEqual(['Hi!', 'Hi!']));
  });

  it('has one bus for both Kafka brokers: each group of each broker gets a message once', async () => {
    const seen: string[] = [];
    @Injectable()
    class Handlers {
      @Subscribe('one', 'shared')
      one(@Payload() text: string) {
        seen.push(`one ${text}`);
      }

      @Subscribe('two', 'shared')
      two(@Payload() text: string) {
        seen.push(`two ${text}`);
      }
    }
    const broker = await start(Handlers);
    await broker('two').publish('shared', 'a');
    await eventually(() => expect([...seen].sort()).toEqual(['one a', 'two a']));
  });

  it('ends what a handler publishes to its own topic at the hop limit', async () => {
    let calls = 0;
    @Injectable()
    class Handlers {
      @Subscribe('one', 'mirrored', { ack: 'reject-on-error' })
      @PublishTo('one', 'mirrored')
      mirror(@Payload() text: string) {
        calls++;
        return text;
      }
    }
    const broker = await start(Handlers, { maxHops: 5 });
    await broker('one').publish('mirrored', 'a');
    await eventually(() => expect(broker('one').health().counts).toMatchObject({ rejected: 1, unsettled: 0 }));
    expect(calls).toBe(5);
  });
});
