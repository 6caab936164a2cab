import { CONTEXT, CUSTOM_ARGUMENT, fieldOfOneMessage, PAYLOAD } from '../decorators/index.js';
import { errorOf, type MultiBrokerError } from '../errors/index.js';
import type { HandlerMethod } from './handler-classes.js';
import { metadataOf, type NamedEnhancer } from './method-metadata.js';
import { hasScopedGlobals, type NestCreator } from './pipeline/nest-internals.js';

/** Nest's numbers of HTTP parameter decorators. `@Body()` and `@Headers()` share 3 and 6 with payload and context. */
const HTTP: Readonly<Record<string, string>> = {
  0: '@Req()',
  1: '@Res()',
  2: '@Next()',
  4: '@Query()',
  5: '@Param()',
  7: '@Session()',
  8: '@UploadedFile()',
  9: '@UploadedFiles()',
  10: '@HostParam()',
  11: '@Ip()',
  12: '@RawBody()',
};

const NONE: readonly MultiBrokerError[] = [];

/** Reports parameter decorators that have no value for a message. */
export function parameterProblems(host: HandlerMethod): readonly MultiBrokerError[] {
  const decorated = Object.keys(metadataOf(host).parameters);
  if (decorated.length === 0) return NONE;
  const { className, method } = host;
  const handler = `${className}.${method}`;
  return decorated.flatMap((key) => {
    const [type = '', index = ''] = key.split(':');
    if (key.includes(CUSTOM_ARGUMENT) || Number(type) === PAYLOAD || Number(type) === CONTEXT) return [];
    const decorator = HTTP[type] ?? 'a decorator of another transport';
    return [errorOf('MULTI_BROKER_PARAMETER.ofOtherTransport', { handler, place: Number(index) + 1, decorator })];
  });
}

/** Reports parameter decorators that inject a field of one message, where the handler gets several in one call. */
export function batchParameterProblems(host: HandlerMethod): MultiBrokerError[] {
  const handler = `${host.className}.${host.method}`;
  return Object.entries(metadataOf(host).parameters).flatMap(([key, { factory }]) => {
    const name = fieldOfOneMessage(factory);
    if (name === undefined) return [];
    const place = Number(key.split(':')[1]) + 1;
    return [errorOf('MULTI_BROKER_PARAMETER.ofOneMessage', { handler, place, decorator: name })];
  });
}

/**
 * Reports enhancers that Nest would silently leave out: classes on a handler whose own class the container did not scan
 * (an instance of a factory or value), and scoped global ones for such an instance. A guard that is left out lets every
 * message pass.
 */
export function enhancerProblems(handler: HandlerMethod, creator: () => NestCreator): readonly MultiBrokerError[] {
  const { enhancers } = metadataOf(handler);
  if (enhancers.length === 0 && !handler.wrapper.isNotMetatype) return NONE;
  const missing = enhancers.filter((named) => isUnknownClass(named, handler)).map((named) => unmade(handler, named));
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
  return errorOf('MULTI_BROKER_ENHANCER.unmade', { handler, kind, enhancer: name, className });
}

function scopedGlobals({ className, method }: HandlerMethod): MultiBrokerError {
  return errorOf('MULTI_BROKER_ENHANCER.scopedGlobals', { handler: `${className}.${method}`, className });
}
