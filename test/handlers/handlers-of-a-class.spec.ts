import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import { fromConfig, Handlers, MultiBroker, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { stream, subject, toStream } from '../../lib/nats/index.js';
import { closeTestApps, orders, testApp } from '../support/test-app.js';
import { fakeBroker, queue } from '../support/fake-kind.js';

afterEach(closeTestApps);

const problemsOf = (providers: Type[], definitions?: Parameters<typeof testApp>[1]): Promise<string> =>
  testApp(providers, definitions).then(
    () => 'started',
    (thrown: unknown) => String(thrown),
  );

describe('@Handlers', () => {
  it('gives its handlers the broker and a prefix of their sources, and @PublishTo neither', async () => {
    @Handlers({ broker: 'orders', prefix: 'orders.' })
    @Injectable()
    class Orders {
      @Subscribe('created')
      @PublishTo('events', 'seen')
      created(@Payload() order: string) {
        return order;
      }

      @Subscribe(topic('refunded', { groupId: 'refunds' }), { retry: { attempts: 1 } })
      refunded() {}

      @Subscribe('shipped', { groupId: 'shipping' })
      shipped() {}
    }
    const { harness } = await testApp([Orders]);
    for (const name of ['created', 'refunded', 'shipped']) await harness.publish('orders', `orders.${name}`, name);
    const handled = harness.deliveries({ broker: 'orders' }).map(({ handler, source }) => `${handler} ${source}`);
    expect(handled.sort()).toEqual([
      'Orders.created topic orders.created (group g)',
      'Orders.refunded topic orders.refunded (group refunds)',
      'Orders.shipped topic orders.shipped (group shipping)',
    ]);
    expect(harness.published('events')).toMatchObject([{ destination: 'seen', payload: 'created' }]);
  });

  it('prefixes the subjects of NATS sources, and the topics that a RegExp matches', async () => {
    const seen: string[] = [];

    @Handlers({ broker: 'events', prefix: 'shop.' })
    @Injectable()
    class Events {
      @Subscribe(subject('orders.*'))
      core() {
        seen.push('core');
      }

      @Subscribe(stream('LOG', { durable: 'd', subjects: ['log.>'], filter: 'log.orders' }))
      kept() {
        seen.push('kept');
      }
    }

    @Handlers({ broker: 'orders', prefix: 'shop.' })
    @Injectable()
    class Topics {
      @Subscribe(topic(/^orders\.(.+)$/))
      matched() {
        seen.push('matched');
      }
    }
    const { harness } = await testApp([Events, Topics]);
    await harness.publish('events', 'shop.orders.1', 1);
    await harness.publish('events', toStream('shop.log.orders'), 1);
    await harness.publish('orders', 'shop.orders.north', 1);
    await harness.publish('orders', 'orders.north', 1);
    expect(seen).toEqual(['core', 'kept', 'matched']);
  });

  it('leaves a source whose @Subscribe names its broker as it is', async () => {
    @Handlers({ broker: 'orders', prefix: 'orders.' })
    @Injectable()
    class Both {
      @Subscribe('events', 'plain')
      plain() {}

      @Subscribe('created')
      created() {}
    }
    const { harness } = await testApp([Both]);
    await harness.publish('events', 'plain', 1);
    expect(harness.deliveries({ handler: 'Both.plain' })).toHaveLength(1);
  });

  it('has defaults between the options of a handler and those of its broker, field by field', async () => {
    const calls: string[] = [];
    const fail = (name: string): never => {
      calls.push(name);
      throw new Error(name);
    };

    @Handlers({ broker: 'orders', ack: 'reject-on-error', retry: { attempts: 2 } })
    @Injectable()
    class Failing {
      @Subscribe('two')
      two() {
        fail('two');
      }

      @Subscribe('three', { retry: { attempts: 3 } })
      three() {
        fail('three');
      }
    }
    const broker = kafkaBroker({ ...orders.options, client: { brokers: ['x:1'] }, retry: { attempts: 9, delayMs: 7 } });
    const { harness } = await testApp([Failing], { definitions: [broker] });
    for (const name of ['two', 'three']) await harness.publish('orders', name, 1).catch(() => undefined);
    expect(calls).toEqual(['two', 'two', 'three', 'three', 'three']);
    expect(harness.deliveries().map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);
  });

  it('is inherited, until a subclass has its own', async () => {
    @Handlers({ broker: 'orders', prefix: 'base.' })
    class Base {
      @Subscribe('created')
      created() {}
    }
    @Injectable()
    class Same extends Base {}

    @Handlers({ broker: 'orders', prefix: 'own.' })
    @Injectable()
    class Own extends Base {}
    const { harness } = await testApp([Same, Own]);
    await harness.publish('orders', 'base.created', 1);
    await harness.publish('orders', 'own.created', 1);
    expect(harness.deliveries().map(({ handler }) => handler)).toEqual(['Same.created', 'Own.created']);
  });

  it('takes its options from the configuration, each read once for a class', async () => {
    let reads = 0;
    const prefix = fromConfig('PREFIX', (given: string) => {
      reads++;
      return given;
    });

    @Handlers({ broker: 'orders', prefix })
    @Injectable()
    class Configured {
      @Subscribe('a')
      a() {}

      @Subscribe('b')
      b() {}
    }
    const { harness } = await testApp([Configured, { provide: 'PREFIX', useValue: 'eu.' }]);
    await harness.publish('orders', 'eu.b', 1);
    expect([reads, harness.deliveries().map(({ handler }) => handler)]).toEqual([1, ['Configured.b']]);
  });

  it('without it a @Subscribe that names no broker is a wiring error that says what to write', async () => {
    @Injectable()
    class Orders {
      @Subscribe('created')
      created() {}
    }
    expect(await problemsOf([Orders])).toMatch(
      /Orders\.created: @Subscribe\('created'\) names no broker, and Orders has no @Handlers\(\{ broker \}\)/,
    );
  });

  it.each([
    [{ broker: 'orders', prefx: 'x.' }, /Orders: @Handlers: there is no option 'prefx'; did you mean 'prefix'/],
    [{ broker: 'orders', prefix: 5 }, /Orders: @Handlers: the option prefix must be a string, not 5/],
    [{ broker: 'orders', retry: { attempts: 0 } }, /Orders: @Handlers: the option retry.attempts must be/],
    [{ broker: 'oders' }, /'oders'.*did you mean 'orders'/],
    [{ broker: 'orders', prefix: 'no topic ' }, /The topic \\?"no topic created\\?" of broker 'orders'/],
  ])('with %j is a wiring error, once for the class', async (options, error) => {
    @Handlers(options as never)
    @Injectable()
    class Orders {
      @Subscribe('created')
      created() {}
    }
    const problems = await problemsOf([Orders]);
    expect(problems).toMatch(error);
    expect(problems.match(/@Handlers/g) ?? []).toHaveLength(problems.includes('@Handlers') ? 1 : 0);
  });

  it('with a prefix needs plain names for a kind that prefixes no others', async () => {
    @Handlers({ broker: 'queues', prefix: 'shop.' })
    @Injectable()
    class Queues {
      @Subscribe('plain')
      plain() {}

      @Subscribe(queue('made'))
      made() {}
    }
    const definitions = [fakeBroker({ name: 'queues' })];
    expect(await problemsOf([Queues], { definitions })).toMatch(
      /Queues\.made, broker 'queues': @Handlers: the kind 'fake' prefixes plain names only/,
    );
  });

  it('gives an application without other definitions the addresses that handlers show', async () => {
    @Handlers({ broker: 'orders', prefix: 'orders.' })
    @Injectable()
    class Orders {
      @Subscribe('created')
      created() {}
    }
    const { get } = await testApp([Orders]);
    expect(get(MultiBroker as never as Type<MultiBroker>).handlers.map(({ source }) => source)).toEqual([
      expect.stringContaining('orders.created'),
    ]);
  });
});
