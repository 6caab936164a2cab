import type { ModulesContainer } from '@nestjs/core';

/**
 * Nest calls start-up hooks by a module's distance, farthest first, and shutdown hooks the other way round. It sorts
 * at the first hook, so that a provider's constructor can still say where its module belongs.
 */
export function setDistance(modules: ModulesContainer, metatype: unknown, distance: number): void {
  for (const module of modules.values()) {
    if (module.metatype === metatype) module.distance = distance;
  }
}

/** Up before all, down after all: others may publish in any hook of theirs. */
export const FIRST_UP = Number.POSITIVE_INFINITY;
/** Up after all, down before all: no message is handled while a module is half up or half down. */
export const LAST_UP = 0;
