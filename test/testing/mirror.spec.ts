import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { InjectBroker, Payload, PublishTo, Subscribe, type Broker } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker, stream } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const names = ['east', 'west', 'north'];
const kafka = names.map((name) => kafkaBroker({ name, groupId: 'g', client: { brokers: ['localhost:9092'] } }));
const nats = names.map((name) => natsBroker({ name, client: {} }));

afterEach(closeTestApps);

/** A mirror from `east` to `west`, and a reader of the mirrored destination. */
function mirror(source: Parameters<typeof Subscribe>[1]) {
  @Injectable()
  class Mirror {
    @Subscribe('east', source)
    @PublishTo('west', 'orders')
    copy(@Payload() text: string) {
      return text;
    }

    @Subscribe('west', source)
    west() {}
  }
  return Mirror;
}

describe.each([
  ['Kafka', kafka, 'orders'],
  ['core NATS', nats, 'orders'],
  ['JetStream', nats, stream('ORDERS', { subjects: ['orders'], durable: 'd' })],
] as const)('a mirror between two brokers on one bus of %s', (_, definitions, source) => {
  it('does not loop: what it publishes is not carried back', async () => {
    const Mirror = mirror(source);
    const { harness } = await testApp([Mirror], { definitions });
    await harness.publish('east', 'orders', 'a');
    expect(harness.deliveries({ broker: 'east' }).map(({ carried }) => carried)).toEqual([false]);
    expect(harness.published('west')).toHaveLength(1);
  });

  it('marks what crossed the bus by itself as carried, and the mirrored one not', async () => {
    const Mirror = mirror(source);
    const { harness } = await testApp([Mirror], { definitions });
    await harness.publish('east', 'orders', 'a');
    expect(harness.deliveries({ broker: 'west' }).map(({ carried }) => carried)).toEqual([true, false]);
  });

  it('passes over what is not for it, and gets what comes after', async () => {
    const Mirror = mirror(source);
    const { harness } = await testApp([Mirror], { definitions });
    await harness.publish('east', 'orders', 'a');
    await harness.publish('west', 'orders', 'b');
    await harness.publish('east', 'orders', 'c');
    expect(harness.deliveries({ broker: 'east' }).map(({ payload }) => payload)).toEqual(['a', 'b', 'c']);
  });
});

describe('a path over more brokers', () => {
  it.each([
    ['Kafka', kafka],
    ['core NATS', nats],
  ])('what a handler of a carried message publishes to a third broker of %s does not come back', async (_, brokers) => {
    @Injectable()
    class Handlers {
      @Subscribe('west', 'orders')
      @PublishTo('north', 'orders')
      west(@Payload() text: string) {
        return text;
      }
    }
    const { harness } = await testApp([Handlers], { definitions: brokers });
    await harness.publish('east', 'orders', 'a');
    expect(harness.deliveries()).toHaveLength(1);
  });

  it('what a handler publishes by hand has its path too', async () => {
    @Injectable()
    class Handlers {
      constructor(@InjectBroker('west') private readonly west: Broker) {}

      @Subscribe('east', 'orders')
      async copy(@Payload() text: string) {
        await this.west.publish('orders', text);
      }
    }
    const { harness } = await testApp([Handlers], { definitions: kafka });
    await harness.publish('east', 'orders', 'a');
    expect(harness.deliveries()).toHaveLength(1);
  });

  it('holds across kinds: a bridge there and back is delivered once', async () => {
    @Injectable()
    class Bridge {
      @Subscribe('east', 'orders')
      @PublishTo('events', 'orders')
      there(@Payload() text: string) {
        return text;
      }

      @Subscribe('events', 'orders')
      @PublishTo('west', 'orders')
      back(@Payload() text: string) {
        return text;
      }
    }
    const { harness } = await testApp([Bridge], {
      definitions: [...kafka, natsBroker({ name: 'events', client: {} })],
    });
    await harness.publish('east', 'orders', 'a');
    expect(harness.deliveries().map(({ handler }) => handler)).toEqual(['Bridge.there', 'Bridge.back']);
  });

  it('an answer reaches its inbox whichever broker gives it, as often as a handler asks', async () => {
    @Injectable()
    class Handlers {
      readonly answers: unknown[] = [];

      constructor(@InjectBroker('east') private readonly east: Broker) {}

      @Subscribe('west', 'rates')
      rate(@Payload() currency: string) {
        return `${currency} 1.1`;
      }

      @Subscribe('west', 'orders')
      async order() {
        for (const currency of ['EUR', 'CHF']) this.answers.push((await this.east.request('rates', currency)).payload);
      }
    }
    const app = await testApp([Handlers], { definitions: nats });
    await app.harness.publish('east', 'orders', 'a');
    expect(app.get(Handlers).answers).toEqual(['EUR 1.1', 'CHF 1.1']);
  });
});
