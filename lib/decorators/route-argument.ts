import type { PipeTransform, Type } from '@nestjs/common';

/**
 * Where Nest keeps the parameter decorators of every transport, and the numbers of its own for RPC. Under this very
 * key the decorators of @nestjs/microservices and of `createParamDecorator` work beside ours, and pipe classes are
 * made by the container.
 */
export const ROUTE_ARGUMENTS = '__routeArguments__';
export const PAYLOAD = 3;
export const CONTEXT = 6;
/** Part of the key of what `createParamDecorator` made. */
export const CUSTOM_ARGUMENT = '__customRouteArgs__';

/** A pipe, or the class of one. */
export type Pipe = PipeTransform | Type<PipeTransform>;

/** One parameter decorator as Nest keeps it. */
export interface RouteArgument {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly Pipe[];
}

/** Written by hand: Nest's own `assignMetadata` takes its pipes in another way in each major version. */
export function routeArgument(type: number, data: unknown, pipes: readonly Pipe[]): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) return;
    const known = (Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, key) ?? {}) as Record<
      string,
      RouteArgument
    >;
    const all = { ...known, [`${String(type)}:${String(index)}`]: { index, data, pipes } };
    Reflect.defineMetadata(ROUTE_ARGUMENTS, all, target.constructor, key);
  };
}
