import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { askedNames, brokerToken } from '../decorators/index.js';
import type { Broker } from '../driver/index.js';
import { DriverSource } from '../lifecycle/index.js';
import { Application } from './application.js';
import { DEFINITIONS } from './brokers-factory.js';
import { Consumers } from './consumers.js';

/**
 * The names of one factory's definitions are known only when it is called, and what Nest injects has to be known before.
 * So there is a provider for each name that was asked for by then, by whichever application of the process; it gives
 * undefined for a name that this one has not, and who injects that is told by the wiring check.
 */
export function askedTokens(): FactoryProvider[] {
  return askedNames().map((name) => ({
    provide: brokerToken(name),
    // Once the module's own definitions are registered.
    inject: [DriverSource, ModulesContainer, Consumers],
    useFactory: (drivers: DriverSource, modules: ModulesContainer) => find(name, Application.of(drivers), modules),
  }));
}

async function find(name: string, application: Application, modules: ModulesContainer): Promise<Broker | undefined> {
  if (!application.names.has(name) && !isElsewhere(name, modules)) return undefined;
  await application.names.when(name);
  return application.multiBroker.lookUp(name);
}

/** Whether a feature module has a broker of that name, which may not be registered yet. */
function isElsewhere(name: string, modules: ModulesContainer): boolean {
  const token = brokerToken(name);
  return [...modules.values()].some(({ providers }) => {
    return providers.has(Consumers) && providers.has(token) && !providers.has(DEFINITIONS);
  });
}

/** An array that is made anew each time it is spread, as Nest does when all modules are found. */
export function lazily<T>(make: () => readonly T[]): T[] {
  return Object.defineProperty<T[]>([], Symbol.iterator, { value: () => make()[Symbol.iterator]() });
}
