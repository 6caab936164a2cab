import { MultiBrokerError } from '../errors/index.js';
import { functionOf, type HandlerMethod } from './handler-host.js';
import { hasScopedGlobals, type NestCreator } from './nest-internals.js';
import { argumentsOf } from './parameter-problems.js';

const KINDS = [
  ['__guards__', 'guard', 'canActivate'],
  ['__interceptors__', 'interceptor', 'intercept'],
  ['__pipes__', 'pipe', 'transform'],
  ['__exceptionFilters__', 'filter', 'catch'],
] as const;

/**
 * Enhancers that Nest would leave out without a word: a class that stands on a handler whose class the container did
 * not scan (a factory's or value's instance), and scoped global ones for such an instance. A guard that is left out
 * lets everything pass.
 */
export function enhancerProblems(handler: HandlerMethod, creator: NestCreator): MultiBrokerError[] {
  const missing = KINDS.flatMap(([key, kind, member]) =>
    enhancersOf(handler, key)
      .filter((enhancer) => isUnknownClass(enhancer, member, handler))
      .map((enhancer) => unmade(handler, kind, enhancer)),
  );
  const scoped = handler.wrapper.isNotMetatype && hasScopedGlobals(creator) ? [scopedGlobals(handler)] : [];
  return [...missing, ...scoped];
}

function enhancersOf({ instance, method }: HandlerMethod, key: string): unknown[] {
  const onClass: unknown = Reflect.getMetadata(key, instance.constructor);
  const onMethod: unknown = Reflect.getMetadata(key, functionOf(instance, method));
  const onParameters =
    key === '__pipes__' ? Object.values(argumentsOf(instance, method)).map(({ pipes }) => pipes) : [];
  return [onClass, onMethod, onParameters].flat(2).filter((enhancer) => enhancer !== null && enhancer !== undefined);
}

function isUnknownClass(enhancer: unknown, member: string, { module }: HandlerMethod): enhancer is { name: string } {
  if (typeof enhancer !== 'function' || module.injectables.has(enhancer)) return false;
  return typeof (enhancer as unknown as Record<string, unknown>)[member] !== 'function';
}

function unmade(
  { className, method }: HandlerMethod,
  kind: string,
  { name }: { readonly name: string },
): MultiBrokerError {
  const handler = `${className}.${method}`;
  const what = `${handler}: the ${kind} ${name} would not run, as ${className} is provided by a factory or value and Nest makes no ${kind}s for it`;
  return new MultiBrokerError('MULTI_BROKER_ENHANCER', what, { handler });
}

function scopedGlobals({ className, method }: HandlerMethod): MultiBrokerError {
  const handler = `${className}.${method}`;
  const what = `${handler}: the request-scoped APP_* enhancers would not run, as ${className} is provided by a factory or value`;
  return new MultiBrokerError('MULTI_BROKER_ENHANCER', what, { handler });
}
