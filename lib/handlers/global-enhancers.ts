import type { ArgumentsHost } from '@nestjs/common';
import { MessageContext } from '../driver/index.js';
import type { GlobalEnhancers, NestCreator } from './pipeline/nest-internals.js';

/** A creator that finds global enhancers through `config`; without it, only those of class and method. */
interface ReadsGlobals {
  readonly config?: unknown;
}

/** A copy of the creator without the `APP_*` and `useGlobal*()` enhancers. */
export function withoutGlobals(creator: NestCreator): NestCreator {
  return Object.assign(Object.create(creator) as NestCreator, {
    guardsContextCreator: alone(creator.guardsContextCreator),
    interceptorsContextCreator: alone(creator.interceptorsContextCreator),
    pipesContextCreator: alone(creator.pipesContextCreator),
    filtersContextCreator: alone(creator.filtersContextCreator),
  });
}

function alone<T extends object>(creator: T & ReadsGlobals): T {
  return Object.assign(Object.create(creator) as T, { config: undefined });
}

/** The global enhancers that see each message, in the form `guard AuthGuard`. */
export function globalNames(config: GlobalEnhancers | undefined): readonly string[] {
  if (config === undefined) return [];
  return [
    ...named('guard', config.getGlobalGuards(), config.getGlobalRequestGuards()),
    ...named('interceptor', config.getGlobalInterceptors(), config.getGlobalRequestInterceptors()),
    ...named('pipe', config.getGlobalPipes(), config.getGlobalRequestPipes()),
    ...named('filter', config.getGlobalFilters(), config.getGlobalRequestFilters()),
  ];
}

function named(kind: string, instances: readonly unknown[], wrappers: readonly unknown[]): string[] {
  const classes = [
    ...instances.map((one) => (one as object | null)?.constructor.name),
    ...wrappers.map((one) => (one as { readonly metatype?: { readonly name?: string } }).metatype?.name),
  ];
  return classes.map((name) => `${kind} ${name ?? '(without a name)'}`);
}

/**
 * Whether a guard, interceptor, pipe or filter runs for a message of this library. `getType()` alone does not tell: it
 * is `'rpc'` for @nestjs/microservices too. If true, `switchToRpc().getContext()` is the {@link MessageContext}.
 */
export function isBrokerContext(host: ArgumentsHost): boolean {
  return host.getType() === 'rpc' && host.switchToRpc().getContext<unknown>() instanceof MessageContext;
}
