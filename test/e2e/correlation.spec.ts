import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import {
  Broker,
  Ctx,
  InjectBroker,
  MessageContext,
  MultiBroker,
  outgoing,
  Payload,
  PublishTo,
  Subscribe,
} from '../../lib/index.js';
import { closeTestApps, type TestApp, testApp } from '../support/test-app.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const headers = { 'correlation-id': 'c-1', traceparent, baggage: 'tenant=acme', 'multi-broker-hops': '2', other: 'x' };
const carried = { 'correlation-id': 'c-1', traceparent, baggage: 'tenant=acme', 'multi-broker-hops': '3' };

afterEach(closeTestApps);

const brokersOf = ({ moduleRef }: TestApp): MultiBroker => moduleRef.get(MultiBroker, { strict: false });

async function sentBy(providers: readonly Type<object>[], own: Record<string, string> = headers) {
  const app = await testApp([...providers]);
  await app.harness.publish('orders', 'in', 'a', { headers: own });
  return app.harness.published('events', 'out').map((message) => message.headers);
}

@Injectable()
class Deep {
  constructor(@InjectBroker('events') private readonly events: Broker) {}

  async send(): Promise<void> {
    await new Promise(setImmediate);
    await this.events.publish('out', 'by hand');
  }
}

@Injectable()
class Outer {
  constructor(private readonly deep: Deep) {}

  @Subscribe('orders', 'in')
  async on() {
    await Promise.resolve();
    await this.deep.send();
  }
}

@Injectable()
class ByMultiBroker {
  constructor(private readonly brokers: MultiBroker) {}

  @Subscribe('orders', 'in')
  async on() {
    await Promise.resolve();
    await this.brokers.get('events').publish('out', 'by hand');
  }
}

@Injectable()
class ByModuleRef {
  constructor(private readonly moduleRef: ModuleRef) {}

  @Subscribe('orders', 'in')
  async on() {
    await Promise.resolve();
    await this.moduleRef.get(MultiBroker, { strict: false }).get('events').publish('out', 'by hand');
  }
}

describe('what a handler publishes by hand', () => {
  it.each<[string, readonly Type<object>[]]>([
    ['by a service that it calls', [Outer, Deep]],
    ['by MultiBroker', [ByMultiBroker]],
    ['by ModuleRef', [ByModuleRef]],
  ])('carries correlation id, trace context, baggage and hop count of its message, %s', async (_, providers) => {
    const [sent] = await sentBy(providers);
    expect(sent).toMatchObject(carried);
    expect(sent).not.toHaveProperty('other');
  });

  it('carries them as a batch and as a request, and so do answers handled in turn', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Asks {
      constructor(@InjectBroker('events') private readonly events: Broker) {}

      @Subscribe('orders', 'in')
      async on() {
        await this.events.publishBatch('out', [1, outgoing(2, { headers: { own: 'yes' } })]);
        await this.events.request('asked', 1);
      }

      @Subscribe('events', 'asked')
      asked(@Ctx() { message }: MessageContext) {
        seen.push(message.headers);
        return 'answer';
      }
    }
    const sent = await sentBy([Asks]);
    expect(sent).toMatchObject([carried, { ...carried, own: 'yes' }]);
    expect(seen).toMatchObject([carried]);
  });

  it('has a correlation id where its message had none: the one of context.message', async () => {
    const ids: string[] = [];
    @Injectable()
    class Notes {
      constructor(@InjectBroker('events') private readonly events: Broker) {}

      @Subscribe('orders', 'in')
      async on(@Ctx() { message }: MessageContext) {
        ids.push(message.correlationId);
        await this.events.publish('out', 1);
      }
    }
    expect(await sentBy([Notes], {})).toMatchObject([{ 'correlation-id': ids[0], 'multi-broker-hops': '1' }]);
  });

  it('carries nothing with correlate: false, and what is published outside of handlers carries nothing', async () => {
    @Injectable()
    class Fresh {
      constructor(@InjectBroker('events') readonly events: Broker) {}

      @Subscribe('orders', 'in')
      async on() {
        await this.events.publish('out', 1, { correlate: false });
      }
    }
    const app = await testApp([Fresh]);
    await app.harness.publish('orders', 'in', 'a', { headers });
    await app.get(Fresh).events.publish('out', 2);
    for (const sent of app.harness.published('events', 'out')) {
      expect(Object.keys(sent.headers)).toEqual(['content-type']);
    }
  });

  it('has the headers that the publish gives itself, but for the hop count: a loop stays one', async () => {
    @Injectable()
    class PassesAllOn {
      constructor(@InjectBroker('events') private readonly events: Broker) {}

      @Subscribe('orders', 'in')
      async on(@Ctx() { message }: MessageContext) {
        await this.events.publish('out', 1, { headers: { ...message.headers, 'correlation-id': 'own' } });
      }
    }
    expect(await sentBy([PassesAllOn])).toMatchObject([{ ...carried, other: 'x', 'correlation-id': 'own' }]);
  });

  it('is refused when it was passed on maxHops times: a loop by hand ends', async () => {
    const refused: unknown[] = [];
    @Injectable()
    class Loops {
      constructor(@InjectBroker('orders') private readonly orders: Broker) {}

      @Subscribe('orders', 'in')
      async on() {
        await this.orders.publish('in', 'again').catch((error: unknown) => refused.push(error));
      }
    }
    const app = await testApp([Loops]);
    await app.harness.publish('orders', 'in', 'a');
    expect(refused).toEqual([expect.objectContaining({ code: 'MULTI_BROKER_HOP_LIMIT', broker: 'orders' })]);
    expect(String(refused[0])).toContain('correlate: false');
    expect(app.harness.deliveries()).toHaveLength(17);
  });

  it('is tied to its own message, whatever is handled at the same time', async () => {
    @Injectable()
    class Crossed {
      constructor(@InjectBroker('events') private readonly events: Broker) {}

      @Subscribe('orders', 'in')
      @Subscribe('events', 'in')
      async on(@Payload() name: string) {
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
        await this.events.publish('out', name);
      }
    }
    const app = await testApp([Crossed]);
    const publish = (broker: string, id: string) =>
      app.harness.publish(broker, 'in', id, { headers: { 'correlation-id': id } });
    await Promise.all([publish('orders', 'a'), publish('events', 'b'), publish('orders', 'c'), publish('events', 'd')]);
    const sent = app.harness.published('events', 'out');
    expect(sent.map(({ headers: own }) => own['correlation-id'])).toEqual(sent.map(({ payload }) => payload));
    expect(sent).toHaveLength(4);
  });

  it('is tied to it also in a subscription by hand, and where a handler takes the broker of its context', async () => {
    @Injectable()
    class OfContext {
      @Subscribe('orders', 'in')
      async on(@Ctx() { broker }: MessageContext) {
        await Promise.resolve();
        await broker.publish('next', 1);
      }
    }
    const app = await testApp([OfContext]);
    await app.broker('orders').subscribe('next', async () => {
      await app.broker('events').publish('out', 1);
    });
    await app.harness.publish('orders', 'in', 'a', { headers });
    expect(app.harness.published('events', 'out')).toMatchObject([
      { headers: { ...carried, 'multi-broker-hops': '4' } },
    ]);
  });
});

describe('a hook of onPublish()', () => {
  const tenant = new AsyncLocalStorage<string>();

  @Injectable()
  class Mixed {
    constructor(@InjectBroker('events') private readonly events: Broker) {}

    @Subscribe('orders', 'in')
    @PublishTo('events', 'out', { headers: { route: 'own' } })
    async on(@Payload() name: string) {
      tenant.enterWith(name);
      await this.events.publish('out', 'by hand', { headers: { 'x-tenant': 'explicit' } });
      await this.events.publish('out', 'by hand');
      return of('result');
    }
  }

  it('adds headers to results and to what is published by hand, in the async context of the handler', async () => {
    const app = await testApp([Mixed]);
    brokersOf(app).onPublish(() => ({ 'x-tenant': tenant.getStore() ?? 'none', route: 'hook' }));
    await app.harness.publish('orders', 'in', 'acme');
    expect(app.harness.published('events', 'out').map((message) => message.headers)).toMatchObject([
      { 'x-tenant': 'explicit', route: 'hook' },
      { 'x-tenant': 'acme', route: 'hook' },
      { 'x-tenant': 'acme', route: 'own' },
    ]);
  });

  it('sees where a message goes, what it holds and which one is handled', async () => {
    const app = await testApp([Mixed]);
    const seen: unknown[] = [];
    const stop = brokersOf(app).onPublish(({ broker, destination, payload, headers: own, context }) => {
      if (broker === 'events')
        seen.push([destination, payload, own['x-tenant'], own['route'], context?.message.payload]);
    });
    await app.harness.publish('orders', 'in', 'acme');
    expect(seen).toEqual([
      ['out', 'by hand', 'explicit', undefined, 'acme'],
      ['out', 'by hand', undefined, undefined, 'acme'],
      ['out', 'result', undefined, 'own', 'acme'],
    ]);
    stop();
    await app.harness.publish('orders', 'in', 'again');
    expect(seen).toHaveLength(3);
  });

  it('may take the place of what crosses, but not of the hop count', async () => {
    const app = await testApp([Mixed]);
    brokersOf(app).onPublish(() => ({ 'correlation-id': 'mine', 'multi-broker-hops': '0' }));
    await app.harness.publish('orders', 'in', 'acme', { headers });
    for (const sent of app.harness.published('events', 'out')) {
      expect(sent.headers).toMatchObject({ 'correlation-id': 'mine', 'multi-broker-hops': '3' });
    }
  });

  it('that fails, or gives a promise, fails the publish', async () => {
    const app = await testApp([]);
    const stop = brokersOf(app).onPublish(() => {
      throw new Error('no tenant');
    });
    await expect(app.broker('events').publish('out', 1)).rejects.toThrow('no tenant');
    stop();
    brokersOf(app).onPublish((() => Promise.resolve({})) as never);
    await expect(app.broker('events').publish('out', 1)).rejects.toMatchObject({
      code: 'MULTI_BROKER_HEADER_INVALID',
      message: expect.stringContaining('promise'),
    });
  });
});
