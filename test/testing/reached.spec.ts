import {
  type CallHandler,
  type CanActivate,
  Injectable,
  ParseIntPipe,
  Scope,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { MessageHeaders, Payload, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const refusing: CanActivate = { canActivate: () => false };
const broken: CanActivate = {
  canActivate() {
    throw new Error('The database is down');
  },
};
const answering = { intercept: () => of('cached') };
const passing = { intercept: (_: unknown, next: CallHandler) => next.handle() };
const failing = {
  transform() {
    throw new Error('The lookup is down');
  },
};

const scopes = [
  ['default', Scope.DEFAULT],
  ['request', Scope.REQUEST],
] as const;

describe.each(scopes)('handler() in %s scope counts', (_, scope) => {
  @Injectable({ scope })
  class Handlers {
    @UseGuards(refusing)
    @Subscribe('orders', 'refused', { retry: { attempts: 1 } })
    refused() {}

    @UseGuards(broken)
    @Subscribe('events', 'broken', { retry: { attempts: 1 } })
    broken() {}

    @Subscribe('events', 'pipe', { retry: { attempts: 1 } })
    pipe(@Payload(ParseIntPipe) _number: number) {}

    @UsePipes(failing)
    @Subscribe('events', 'undecorated', { retry: { attempts: 1 } })
    undecorated() {}

    @UseInterceptors(answering)
    @Subscribe('events', 'answered')
    answered() {}

    @UseInterceptors(passing)
    @Subscribe('events', 'passed')
    passed(@MessageHeaders() _headers: unknown, @Payload(ParseIntPipe) _number: number) {
      return 'passed';
    }

    @Subscribe('events', 'bare')
    bare(payload: unknown, context: unknown) {
      return [payload, typeof context];
    }

    @Subscribe('events', 'thrown', { retry: { attempts: 2 } })
    async thrown() {
      throw new Error('no');
    }
  }

  it.each([
    ['refused', 'orders', 'a guard has refused'],
    ['broken', 'events', 'a guard has failed with'],
    ['pipe', 'events', 'a pipe has refused'],
    ['undecorated', 'events', 'a pipe of a method without decorators has failed with'],
    ['answered', 'events', 'an interceptor has answered'],
  ] as const)('no call (%s on %s) of a message that %s', async (method, broker, _) => {
    const { harness } = await testApp([Handlers]);
    harness.expectFailures();
    await harness.publish(broker, method, 'no number');
    expect(harness.handler(Handlers, method)).not.toHaveBeenCalled();
    expect(harness.deliveries({ handler: `Handlers.${method}` })).toHaveLength(1);
  });

  it('each attempt that has reached the method, with the payload and what came of it', async () => {
    const { harness } = await testApp([Handlers]);
    harness.expectFailures();
    for (const method of ['passed', 'bare', 'thrown']) await harness.publish('events', method, '7');
    expect(harness.handler(Handlers, 'passed').mock.calls).toEqual([['7']]);
    expect(harness.handler(Handlers, 'passed')).toHaveReturnedWith('passed');
    expect(harness.handler(Handlers, 'bare')).toHaveReturnedWith(['7', 'object']);
    expect(harness.handler(Handlers, 'thrown')).toHaveBeenCalledTimes(2);
    expect(harness.handler(Handlers, 'thrown').mock.results).toMatchObject([{ type: 'throw' }, { type: 'throw' }]);
  });
});
