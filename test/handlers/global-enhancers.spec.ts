import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Logger,
  Scope,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { of } from 'rxjs';
import { MultiBroker, MultiBrokerModule, type MultiBrokerOptions, Subscribe } from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

let server: FakeServer;
let warned: jest.SpiedFunction<Logger['warn']>;
let calls: string[];
beforeEach(() => {
  server = new FakeServer();
  calls = [];
  warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
});
afterEach(async () => {
  await closeApps();
  jest.restoreAllMocks();
});

/** As guards of an HTTP application are. */
@Injectable()
class AuthGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    calls.push('AuthGuard');
    const request = context.switchToHttp().getRequest<{ authorization?: string }>();
    if (request.authorization === undefined) throw new UnauthorizedException();
    return true;
  }
}

@Injectable()
class OwnGuard implements CanActivate {
  canActivate(): boolean {
    calls.push('OwnGuard');
    return true;
  }
}

@Injectable()
@UseGuards(OwnGuard)
class Orders {
  @Subscribe('orders', 'in')
  on(): void {
    calls.push('Orders.on');
  }
}

@Injectable()
class Closed {
  @Subscribe('orders', 'in', { globalEnhancers: false })
  on(): void {
    calls.push('Closed.on');
  }
}

const guard = { provide: APP_GUARD, useClass: AuthGuard };

async function deliver(providers: object[], options: MultiBrokerOptions = {}, messages = 1): Promise<void> {
  const root = MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server, retry: { attempts: 1 } })], options);
  const app = await start({ imports: [root], providers: providers as never });
  for (let index = 0; index < messages; index++) await app.get(MultiBroker).default.publish('in', index);
  await eventually(() => expect(server.settled).toHaveLength(messages));
}

const warnings = (): string[] => warned.mock.calls.map(([text]) => String(text));

describe('global enhancers of the application', () => {
  it('see messages, and a warning at the start names each of them', async () => {
    await deliver([guard, { provide: APP_PIPE, useValue: { transform: (value: unknown) => value } }, Orders]);
    expect(calls).toEqual(['AuthGuard']);
    expect(warnings()[0]).toMatch(/1 handler.*: guard AuthGuard, pipe Object\./);
  });

  it.each<[string, object, string[], MultiBrokerOptions]>([
    ['by the option of the module', Orders, ['OwnGuard', 'Orders.on'], { globalEnhancers: false }],
    ['by the option of the handler', Closed, ['Closed.on'], {}],
  ])('are switched off %s, and those of the class stay', async (_, type, expected, options) => {
    await deliver([guard, type], options);
    expect([calls, warnings()]).toEqual([expected, []]);
  });

  it('are switched off where they are made for each request', async () => {
    await deliver([{ ...guard, scope: Scope.REQUEST }, Orders], { globalEnhancers: false });
    expect([calls, warnings()]).toEqual([['OwnGuard', 'Orders.on'], []]);
  });

  it('are not warned of where the module says that they are for messages', async () => {
    await deliver([{ provide: APP_GUARD, useClass: OwnGuard }, Orders], { globalEnhancers: true });
    expect([calls, warnings()]).toEqual([['OwnGuard', 'OwnGuard', 'Orders.on'], []]);
  });

  it('are not warned of where no handler is', async () => {
    const root = MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server })]);
    await start({ imports: [root], providers: [guard] as never });
    expect(warnings()).toEqual([]);
  });
});

describe('a guard that asks for the HTTP request', () => {
  const told = (): string[] => warnings().filter((text) => text.includes('A message has no HTTP request'));

  it('is told of at its first refusal, by its name and that of the handler', async () => {
    await deliver([guard, Orders], {}, 3);
    expect(told()).toEqual([expect.stringContaining('Guard AuthGuard refused a message of Orders.on')]);
  });

  it.each<[string, () => ReturnType<CanActivate['canActivate']>]>([
    ['gives false', () => false],
    ['gives a promise of false', async () => false],
    ['gives an Observable of false', () => of(false)],
    ['breaks', () => (undefined as unknown as { headers: boolean }).headers],
  ])('and %s is told of', async (_, verdict) => {
    class Asks implements CanActivate {
      canActivate(context: ExecutionContext) {
        context.switchToHttp();
        return verdict();
      }
    }
    await deliver([{ provide: APP_GUARD, useClass: Asks }, Orders]).catch(() => undefined);
    expect(told()).toHaveLength(1);
  });

  it('and lets the message pass is not', async () => {
    class Asks implements CanActivate {
      canActivate(context: ExecutionContext) {
        return context.switchToHttp().getRequest<unknown>() !== undefined;
      }
    }
    await deliver([{ provide: APP_GUARD, useClass: Asks }, Orders]);
    expect([calls, told()]).toEqual([['OwnGuard', 'Orders.on'], []]);
  });
});
