import { type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';
import { isBrokerContext, Subscribe } from '../../lib/index.js';
import { bothWays, Handlers } from '../support/nest-handlers.js';

function hostOf(type: string, ...args: unknown[]): ExecutionContext {
  const host = new ExecutionContextHost(args);
  host.setType(type);
  return host;
}

describe('isBrokerContext', () => {
  it.each(bothWays)("is true for a message's guards (%s)", async (way) => {
    const guard: CanActivate = { canActivate: isBrokerContext };
    @Injectable()
    @UseGuards(guard)
    class Orders {
      @Subscribe('orders', 'x')
      handle() {
        return 'let in';
      }
    }
    const handlers = await Handlers.of({ providers: [Orders] });
    expect(await handlers.call('Orders.handle', 1, way)).toBe('let in');
  });

  it('is false for HTTP, and for handlers of @nestjs/microservices', () => {
    expect(isBrokerContext(hostOf('http', {}, {}))).toBe(false);
    expect(isBrokerContext(hostOf('rpc', 'data', { getPattern: () => 'x' }))).toBe(false);
    expect(isBrokerContext(hostOf('rpc', 'data', undefined))).toBe(false);
  });
});
