import type { ModulesContainer } from '@nestjs/core';

export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/**
 * Nest calls start-up hooks by a module's distance, farthest first, and shutdown hooks the other way round. It sorts
 * at the first hook, so that a provider's factory can still say where a module belongs.
 *
 * `first`: up before all, down after all, as others may publish in any hook of theirs. `last`: up after all, down
 * before all, so that no message is handled while a module is half up or half down.
 */
export function orderHooks(modules: ModulesContainer, first: ModuleTest, last: ModuleTest): void {
  for (const module of modules.values()) {
    if (last(module)) module.distance = 0;
    else if (first(module)) module.distance = Number.POSITIVE_INFINITY;
  }
}

type ModuleTest = (module: NestModule) => boolean;
