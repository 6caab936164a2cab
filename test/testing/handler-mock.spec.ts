import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope } from '@nestjs/common';
import { Ctx, MessageContext, Payload, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

abstract class Base {
  @Subscribe('orders', 'inherited', { ack: 'reject-on-error' })
  inherited(@Payload() _text: string): void {}
}

describe('handler()', () => {
  it('is a mock function for expect, with one argument: the payload', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming')
      onOrder(@Ctx() _context: MessageContext, @Payload() order: { id: number }) {
        return order.id * 2;
      }
    }
    const { harness } = await testApp([Orders]);
    const mock = harness.handler(Orders, 'onOrder');
    expect(mock).not.toHaveBeenCalled();
    for (const id of [1, 2]) await harness.publish('orders', 'incoming', { id });
    expect(mock).toHaveBeenCalledTimes(2);
    expect(mock).toHaveBeenCalledWith({ id: 1 });
    expect(mock).toHaveBeenNthCalledWith(2, { id: 2 });
    expect(mock).toHaveBeenLastCalledWith(expect.objectContaining({ id: 2 }));
    expect(mock).toHaveReturnedWith(4);
    expect(mock.mock.calls).toEqual([[{ id: 1 }], [{ id: 2 }]]);
    expect(mock.getMockName()).toBe('Orders.onOrder');
    harness.reset();
    expect(mock).not.toHaveBeenCalled();
  });

  it('counts the calls of all bindings of a method, and of request-scoped ones', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Both {
      @Subscribe('orders', 'incoming')
      @Subscribe('events', 'incoming')
      both(@Payload() _text: string) {}
    }
    const { harness } = await testApp([Both]);
    await harness.publish('orders', 'incoming', 'a');
    await harness.publish('events', 'incoming', 'b');
    expect(harness.handler(Both, 'both').mock.calls).toEqual([['a'], ['b']]);
  });

  it('tells classes of one name in two modules apart', async () => {
    const [one, other] = [1, 2].map((number) => {
      @Injectable()
      class Orders {
        @Subscribe('orders', `incoming.${String(number)}`)
        onOrder(@Payload() _text: string) {}
      }
      return Orders;
    }) as [new () => { onOrder(text: string): void }, new () => { onOrder(text: string): void }];
    @Module({ providers: [other] })
    class Other {}
    const { harness } = await testApp([one], { imports: [Other] });
    await harness.publish('orders', 'incoming.2', 'x');
    expect(harness.handler(one, 'onOrder')).not.toHaveBeenCalled();
    expect(harness.handler(other, 'onOrder')).toHaveBeenCalledTimes(1);
  });

  it('of an abstract class is that of the class that extends it', async () => {
    @Injectable()
    class Child extends Base {}
    const { harness } = await testApp([Child]);
    await harness.publish('orders', 'inherited', 'x');
    expect(harness.handler(Base, 'inherited')).toBe(harness.handler(Child, 'inherited'));
    expect(harness.handler(Base, 'inherited')).toHaveBeenCalledWith('x');
  });

  it('of a class that several extend is not guessed', async () => {
    @Injectable()
    class One extends Base {}
    @Injectable()
    class Other extends Base {
      @Subscribe('events', 'inherited')
      override inherited(): void {}
    }
    const { harness } = await testApp([One, Other]);
    expect(() => harness.handler(Base, 'inherited')).toThrow(/ask for One\.inherited and Other\.inherited/);
    await harness.publish('events', 'inherited', 'x');
    expect(
      [harness.handler(One, 'inherited'), harness.handler(Other, 'inherited')].map(({ mock }) => mock.calls),
    ).toEqual([[], [['x']]]);
  });

  it('of a method that is no handler is an error that names the nearest', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming')
      onOrder() {}
      onOther() {}
    }
    const { harness } = await testApp([Orders]);
    expect(() => harness.handler(Orders, 'onOther')).toThrow(
      /Orders\.onOther is no handler \(did you mean Orders\.onOrder\?\)/,
    );
  });

  it('is typed by the class', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'incoming')
      onOrder(@Payload() _order: { id: number }) {}
      readonly notAMethod = 1;
    }
    const { harness } = await testApp([Orders]);
    const last: [payload: { id: number }] | undefined = harness.handler(Orders, 'onOrder').mock.lastCall;
    expect(last).toBeUndefined();
    // @ts-expect-error a property that is no method
    expect(() => harness.handler(Orders, 'notAMethod')).toThrow('is no handler');
  });
});
