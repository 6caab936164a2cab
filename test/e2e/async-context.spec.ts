import { AsyncLocalStorage } from 'node:async_hooks';
import { type CanActivate, type ExecutionContext, Injectable, type Type, UseGuards } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { defer, delay, of } from 'rxjs';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const tenant = new AsyncLocalStorage<string>();

async function* tenants() {
  yield tenant.getStore();
  await Promise.resolve();
  yield tenant.getStore();
}

const results: [string, () => unknown][] = [
  ['a sequence', tenants],
  ['a promise of a sequence', async () => tenants()],
  ['an Observable', () => defer(() => of(tenant.getStore(), tenant.getStore()))],
  ['an Observable that comes later', () => defer(() => of(tenant.getStore(), tenant.getStore()).pipe(delay(1)))],
  ['a promise of an Observable', async () => defer(() => of(tenant.getStore(), tenant.getStore()))],
];

class Synchronous implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class Asynchronous implements CanActivate {
  async canActivate(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

afterEach(closeTestApps);

async function published(handler: Type<object>): Promise<unknown[]> {
  const { harness } = await testApp([handler]);
  await harness.publish('orders', 'in', 'a');
  await harness.publish('orders', 'in', 'b');
  return harness.published('events', 'out').map(({ payload }) => payload);
}

it.each(results)('what a handler enters by enterWith() is seen by %s that it gives', async (_, give) => {
  @Injectable()
  class Bare {
    @Subscribe('orders', 'in')
    @PublishTo('events', 'out')
    handle(@Payload() name: string): unknown {
      tenant.enterWith(name);
      return give();
    }
  }
  expect(await published(Bare)).toEqual(['a', 'a', 'b', 'b']);
});

it.each(results)('behind a guard too, one that answers at once or later: %s', async (_, give) => {
  for (const guard of [Synchronous, Asynchronous]) {
    @Injectable()
    @UseGuards(guard)
    class Guarded {
      @Subscribe('orders', 'in')
      @PublishTo('events', 'out')
      handle(@Payload() name: string): unknown {
        tenant.enterWith(name);
        return give();
      }
    }
    expect(await published(Guarded)).toEqual(['a', 'a', 'b', 'b']);
  }
});

it('what a guard enters is seen by the handler and by what it gives', async () => {
  class Entering implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      tenant.enterWith(context.switchToRpc().getData<string>());
      return true;
    }
  }
  @Injectable()
  @UseGuards(Entering)
  class Guarded {
    @Subscribe('orders', 'in')
    @PublishTo('events', 'out')
    handle(): unknown {
      return tenants();
    }
  }
  expect(await published(Guarded)).toEqual(['a', 'a', 'b', 'b']);
});
