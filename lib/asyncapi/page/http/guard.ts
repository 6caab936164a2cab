import type { CanActivate, ExecutionContext, INestApplication, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { untilAborted } from '../../../async/index.js';
import type { Exchange } from './exchange.js';
import { Refusal } from './failure.js';

/** How long a guard may take, in milliseconds: a request without an answer keeps the server from closing. */
const GUARD_MS = 10_000;

/**
 * Lets a request pass: a function of the request as Express or Fastify hands it over, or a guard class of Nest, which is
 * called with an HTTP context without class and method of a controller.
 */
export type PageGuard = ((request: unknown) => boolean | Promise<boolean>) | Type<CanActivate>;

/**
 * @throws Refusal, with the status of what the guard throws where it is an HttpException of 401 or 403; 503 for a guard
 * that does not answer within 10 s, and for a request that has been answered meanwhile or is waited for by nobody
 */
export async function passGuard(guard: PageGuard, app: INestApplication, exchange: Exchange): Promise<void> {
  const late = AbortSignal.timeout(GUARD_MS);
  let passes: unknown;
  try {
    const asked = isGuardClass(guard) ? activate(guard, app, exchange) : guard(exchange.given);
    passes = await untilAborted(Promise.resolve(asked), late);
  } catch (thrown) {
    if (late.aborted) throw new Refusal(503, 'The guard of the application does not answer');
    // What a guard throws may tell of the application's insides.
    throw new Refusal(statusOf(thrown), 'The guard of the application refuses this');
  }
  if (passes !== true) throw new Refusal(403, 'The guard of the application refuses this');
  if (exchange.isOver) throw new Refusal(503, 'The request is over');
}

function isGuardClass(guard: PageGuard): guard is Type<CanActivate> {
  const { prototype } = guard as { readonly prototype?: { readonly canActivate?: unknown } };
  return typeof prototype?.canActivate === 'function';
}

async function activate(guard: Type<CanActivate>, app: INestApplication, exchange: Exchange): Promise<unknown> {
  const instance = await instanceOf(guard, app);
  const passes = instance.canActivate(contextOf(exchange));
  return isObservable(passes) ? lastValueFrom(passes) : passes;
}

/** A provider of the application, or else one that is made for this request. */
function instanceOf(guard: Type<CanActivate>, app: INestApplication): CanActivate | Promise<CanActivate> {
  // Not by the application itself: one of NestFactory ends the process for what it does not find.
  const modules = app.get(ModuleRef, { strict: false });
  try {
    return modules.get(guard, { strict: false });
  } catch {
    return modules.create(guard);
  }
}

/** What a guard of HTTP reads; there is no controller. */
function contextOf({ given, givenResponse }: Exchange): ExecutionContext {
  const http = { getRequest: () => given, getResponse: () => givenResponse, getNext: () => () => undefined };
  const args = [given, givenResponse];
  const context = {
    getClass: () => PageRoutes,
    getHandler: () => answer,
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
    switchToHttp: () => http,
    switchToRpc: () => refuse('RPC'),
    switchToWs: () => refuse('WebSocket'),
    getType: () => 'http',
  };
  return context as unknown as ExecutionContext;
}

/** Stand for the controller and the method that there are not: a guard may look for metadata, of which they have none. */
class PageRoutes {
  readonly name = 'page';
}
const answer = (): void => undefined;

function refuse(what: string): never {
  throw new Error(`This is no ${what} context`);
}

function statusOf(thrown: unknown): number {
  const { getStatus } = (thrown ?? {}) as { getStatus?: unknown };
  const status: unknown = typeof getStatus === 'function' ? getStatus.call(thrown) : undefined;
  return status === 401 ? 401 : 403;
}
