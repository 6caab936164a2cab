import { Injectable, SetMetadata } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { publishersOf, subscriptionsOf } from '../../lib/decorators/index.js';
import { PublishTo, Subscribe } from '../../lib/index.js';
import { fakeBroker, queue } from '../support/fake-kind.js';

const definition = fakeBroker({ name: 'orders' });

class Orders {
  @Subscribe('orders', 'a', { ack: 'manual' })
  @PublishTo('events', 'x', { key: 'k' })
  @SetMetadata('other', 1)
  @Subscribe(definition, queue('b'))
  @PublishTo(definition, 'y')
  handle() {}

  plain() {}
}

describe('@Subscribe', () => {
  it('may stand several times on a method, among other decorators', () => {
    expect(subscriptionsOf(Orders.prototype.handle)).toEqual([
      { broker: definition, source: queue('b'), options: {} },
      { broker: 'orders', source: 'a', options: { ack: 'manual' } },
    ]);
  });

  it('leaves methods without it alone', () => {
    expect(subscriptionsOf(Orders.prototype.plain)).toEqual([]);
    expect(publishersOf(Orders.prototype.plain)).toEqual([]);
  });

  it('leaves the class that is inherited from alone', () => {
    @Injectable()
    class More extends Orders {
      @Subscribe('orders', 'c')
      override handle() {}
    }
    expect(subscriptionsOf(More.prototype.handle)).toHaveLength(1);
    expect(subscriptionsOf(Orders.prototype.handle)).toHaveLength(2);
  });

  it('marks the class for Nest, or request-scoped global enhancers would skip it', () => {
    expect(Reflect.getMetadata('__entryProvider__', Orders)).toBe(true);
  });
});

it('@PublishTo is kept closest to the method first', () => {
  expect(publishersOf(Orders.prototype.handle)).toEqual([
    { broker: definition, destination: 'y', options: {} },
    { broker: 'events', destination: 'x', options: { key: 'k' } },
  ]);
});

describe.each([
  ['@Subscribe', Subscribe('orders', 'x')],
  ['@PublishTo', PublishTo('orders', 'x')],
])('%s on a static method', (name, decorator) => {
  it('is refused, as Nest has no instance to call it on', () => {
    const apply = () => {
      class Statics {
        @decorator
        static handle() {}
      }
      return Statics;
    };
    expect(apply).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`${name} is on the static method Statics.handle`),
      }),
    );
    expect(Reflect.getMetadata('__entryProvider__', Function)).toBeUndefined();
  });
});
