import {
  type CallHandler,
  ClassSerializerInterceptor,
  type ExecutionContext,
  Injectable,
  SerializeOptions,
} from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { concatMap, from } from 'rxjs';
import { outgoing, Subscribe } from '../../lib/index.js';
import { isOutgoingEach, isOutgoingMessage } from '../../lib/driver/index.js';
import { bothWays, Handlers, type Way } from '../support/nest-handlers.js';

class User {
  constructor(
    readonly name: string,
    readonly password = 'secret',
  ) {}
}

/** As class-transformer: a new plain object of each object, without what is excluded. */
const transformerPackage = {
  classToPlain: (value: object) => {
    const { password: _, ...exposed } = { ...value } as Record<string, unknown>;
    return exposed;
  },
  plainToInstance: (type: new (name: string) => object, { name }: User) => new type(`${name}!`),
};
const serializer = new ClassSerializerInterceptor(new Reflector(), { transformerPackage } as never);

async function handlersWith(method: () => unknown, interceptor: object = serializer): Promise<Handlers> {
  @Injectable()
  class Orders {
    @Subscribe('orders', 'x')
    handle(): unknown {
      return method();
    }
  }
  return Handlers.of({ providers: [Orders, { provide: APP_INTERCEPTOR, useValue: interceptor }] });
}

const Ann = { name: 'Ann' };
const Bob = { name: 'Bob' };

describe.each(bothWays)('behind a global ClassSerializerInterceptor (%s)', (way: Way) => {
  const result = async (method: () => unknown) => (await handlersWith(method)).call('Orders.handle', 1, way);
  const published = async (method: () => unknown) => (await handlersWith(method)).published('Orders.handle', 1, way);

  it('outgoing() keeps key, headers and destination, and its payload is serialized', async () => {
    const fields = { key: 'k', headers: { h: '1' }, rawHeaders: [['r', 'v']] as never, destination: 'elsewhere' };
    const given = await result(() => outgoing(new User('Ann'), fields));
    expect(isOutgoingMessage(given)).toBe(true);
    expect(given).toMatchObject({ ...fields, payload: Ann });
    expect((given as { payload: unknown }).payload).toEqual(Ann);
  });

  it('outgoing.each stays a message for each item, serialized, their own fields kept', async () => {
    const given = await result(() =>
      outgoing.each([new User('Ann'), outgoing(new User('Bob'), { key: 'k' }), undefined]),
    );
    expect(isOutgoingEach(given)).toBe(true);
    expect(await published(() => outgoing.each([new User('Ann'), outgoing(new User('Bob'))]))).toEqual([Ann, Bob]);
    expect((given as { items: unknown[] }).items[1]).toMatchObject({ key: 'k', payload: Bob });
  });

  it.each<[string, () => unknown]>([
    ['a promise', async () => outgoing.each([new User('Ann'), new User('Bob')])],
    ['an Observable', () => from([outgoing(new User('Ann')), new User('Bob')])],
    [
      'an AsyncIterable',
      async function* () {
        yield new User('Ann');
        yield outgoing(new User('Bob'));
      },
    ],
  ])('so do those of %s', async (_, method) => {
    expect(await published(method)).toEqual([Ann, Bob]);
  });

  it.each<[string, unknown, unknown]>([
    ['an array is one message, its elements serialized', [new User('Ann'), new User('Bob')], [Ann, Bob]],
    ['the array in outgoing() too', outgoing([new User('Ann')]), [Ann]],
    ['bytes stay bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ['those in outgoing() too', outgoing(new Uint8Array([1, 2])), new Uint8Array([1, 2])],
    ['null stays null', null, null],
    ['that in outgoing() too', outgoing(null), null],
    ['a text stays a text', outgoing('text'), 'text'],
  ])('%s', async (_, value, payload) => {
    expect(await published(() => value)).toEqual([payload]);
  });

  it('two serializers around each other do no harm', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'x')
      async *handle() {
        yield outgoing(new User('Ann'));
        yield new Uint8Array([1]);
      }
    }
    const global = { provide: APP_INTERCEPTOR, useValue: serializer };
    const handlers = await Handlers.of({ providers: [Orders, global, { ...global }] });
    expect(await handlers.published('Orders.handle', 1, way)).toEqual([Ann, new Uint8Array([1])]);
  });

  it('the type of @SerializeOptions is that of the payload', async () => {
    @Injectable()
    class Orders {
      @Subscribe('orders', 'x')
      @SerializeOptions({ type: User })
      handle() {
        return outgoing({ name: 'Ann' }, { key: 'k' });
      }
    }
    const handlers = await Handlers.of({ providers: [Orders, { provide: APP_INTERCEPTOR, useValue: serializer }] });
    expect(await handlers.call('Orders.handle', 1, way)).toMatchObject({ key: 'k', payload: { name: 'Ann!' } });
  });
});

it('a serializer that takes its time (StandardSchemaSerializerInterceptor) keeps them too, in order', async () => {
  class Slow extends ClassSerializerInterceptor {
    override serialize(response: never, options: never): never {
      return Promise.resolve(super.serialize(response, options)) as never;
    }
    override async intercept(context: ExecutionContext, next: CallHandler) {
      return (await super.intercept(context, next)).pipe(concatMap((given) => Promise.resolve(given)));
    }
  }
  const slow = new Slow(new Reflector(), { transformerPackage } as never);
  const items = () => outgoing.each([outgoing(new User('Ann'), { key: 'k' }), new User('Bob')]);
  expect(await (await handlersWith(items, slow)).published('Orders.handle', 1)).toEqual([Ann, Bob]);
});

it('what an HTTP controller gives to the same interceptor is treated as before', async () => {
  await (await handlersWith(() => outgoing(1))).call('Orders.handle', 1);
  async function* stream() {
    yield new User('Ann');
  }
  const fresh = new ClassSerializerInterceptor(new Reflector(), { transformerPackage } as never);
  for (const value of [new User('Ann'), [new User('Bob')], new Uint8Array([1]), stream(), null, 'text']) {
    expect(serializer.serialize(value as never, {})).toEqual(fresh.serialize(value as never, {}));
  }
});
