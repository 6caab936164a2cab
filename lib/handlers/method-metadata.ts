import {
  CONTEXT,
  CUSTOM_ARGUMENT,
  paramOf,
  publishersOf,
  type PublishToMetadata,
  ROUTE_ARGUMENTS,
  type SubscribeMetadata,
  subscriptionsOf,
} from '../decorators/index.js';
import { functionOf, type HandlerMethod } from './handler-classes.js';

/** Parameter decorators, keyed by `type:index`. */
export type ParameterMetadata = Readonly<
  Record<string, { readonly pipes?: readonly unknown[]; readonly factory?: unknown; readonly data?: unknown }>
>;

const KINDS = [
  ['__guards__', 'guard', 'canActivate'],
  ['__interceptors__', 'interceptor', 'intercept'],
  ['__pipes__', 'pipe', 'transform'],
  ['__exceptionFilters__', 'filter', 'catch'],
] as const;

/** An enhancer of a decorator, and the method that an instance of it has. */
export interface NamedEnhancer {
  readonly kind: (typeof KINDS)[number][1];
  readonly member: (typeof KINDS)[number][2];
  readonly enhancer: unknown;
}

/** Decorators of a method, its parameters and its class. */
export interface MethodMetadata {
  readonly parameters: ParameterMetadata;
  readonly enhancers: readonly NamedEnhancer[];
  readonly subscriptions: readonly SubscribeMetadata[];
  readonly publishers: readonly PublishToMetadata[];
  /** The names of its `@MessageParam(name)`. */
  readonly paramNames: readonly string[];
  /** Whether it takes the context, through which it can publish anywhere. Undecorated methods get it as second. */
  readonly takesContext: boolean;
}

/** Cached by class and method: decorators run once, but are read for each module that is compiled. */
const known = new WeakMap<object, WeakMap<object, MethodMetadata>>();

export function metadataOf({ instance, method }: HandlerMethod): MethodMetadata {
  const { constructor } = instance;
  const methods = known.get(constructor) ?? new WeakMap<object, MethodMetadata>();
  known.set(constructor, methods);
  const callback = functionOf(instance, method);
  const metadata = methods.get(callback) ?? read(constructor, callback, method);
  methods.set(callback, metadata);
  return metadata;
}

function read(constructor: object, callback: { readonly length: number }, method: string): MethodMetadata {
  const found: unknown = Reflect.getMetadata(ROUTE_ARGUMENTS, constructor, method);
  const parameters = (found ?? {}) as ParameterMetadata;
  const enhancers = KINDS.flatMap(([key, kind, member]) => {
    const onClass: unknown = Reflect.getMetadata(key, constructor);
    const onMethod: unknown = Reflect.getMetadata(key, callback);
    const onParameters = key === '__pipes__' ? Object.values(parameters).map(({ pipes }) => pipes) : [];
    const all = [onClass, onMethod, onParameters].flat(2).filter((one) => one !== null && one !== undefined);
    return all.map((enhancer) => ({ kind, member, enhancer }));
  });
  const paramNames = Object.values(parameters).flatMap((parameter) => paramOf(parameter) ?? []);
  const takesContext = hasContext(Object.keys(parameters), callback);
  const [subscriptions, publishers] = [subscriptionsOf(callback), publishersOf(callback)];
  return { parameters, enhancers, subscriptions, publishers, paramNames, takesContext };
}

function hasContext(decorated: readonly string[], { length }: { readonly length: number }): boolean {
  if (decorated.length === 0) return length > 1;
  return decorated.some((key) => key.includes(CUSTOM_ARGUMENT) || Number(key.split(':')[0]) === CONTEXT);
}
