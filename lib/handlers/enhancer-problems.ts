import { MultiBrokerError } from '../errors/index.js';
import type { HandlerMethod } from './handler-host.js';
import { metadataOf, type NamedEnhancer } from './method-metadata.js';
import { hasScopedGlobals, type NestCreator } from './nest-internals.js';

/**
 * Enhancers that Nest would leave out without a word: a class that stands on a handler whose class the container did
 * not scan (a factory's or value's instance), and scoped global ones for such an instance. A guard that is left out
 * lets everything pass.
 */
export function enhancerProblems(handler: HandlerMethod, creator: () => NestCreator): MultiBrokerError[] {
  const missing = metadataOf(handler)
    .enhancers.filter((named) => isUnknownClass(named, handler))
    .map((named) => unmade(handler, named));
  const scoped = handler.wrapper.isNotMetatype && hasScopedGlobals(creator()) ? [scopedGlobals(handler)] : [];
  return [...missing, ...scoped];
}

function isUnknownClass({ enhancer, member }: NamedEnhancer, { module }: HandlerMethod): boolean {
  if (typeof enhancer !== 'function' || module.injectables.has(enhancer)) return false;
  return typeof (enhancer as unknown as Record<string, unknown>)[member] !== 'function';
}

function unmade({ className, method }: HandlerMethod, { kind, enhancer }: NamedEnhancer): MultiBrokerError {
  const handler = `${className}.${method}`;
  const { name } = enhancer as { readonly name: string };
  const what = `${handler}: the ${kind} ${name} would not run, as ${className} is provided by a factory or value and Nest makes no ${kind}s for it`;
  return new MultiBrokerError('MULTI_BROKER_ENHANCER', what, { handler });
}

function scopedGlobals({ className, method }: HandlerMethod): MultiBrokerError {
  const handler = `${className}.${method}`;
  const what = `${handler}: the request-scoped APP_* enhancers would not run, as ${className} is provided by a factory or value`;
  return new MultiBrokerError('MULTI_BROKER_ENHANCER', what, { handler });
}
