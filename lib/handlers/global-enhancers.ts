import type { GlobalEnhancers, NestCreator } from './nest-internals.js';

/** A creator that reads the enhancers of the application in `config`; without one it has those of class and method. */
interface ReadsGlobals {
  readonly config?: unknown;
}

/** The same creator for handlers that the application's `APP_*` and `useGlobal*()` enhancers are not for. */
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

/** What of the application sees each message, as `guard AuthGuard`. */
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
