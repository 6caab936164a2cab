import type { FactoryProvider } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { brokerToken, isRequested } from '../decorators/index.js';
import type { Broker } from '../driver/index.js';
import type { ManagedMultiBroker, ResolvedOptions } from '../lifecycle/index.js';
import type { NestModule } from './application.js';
import { Consumers } from './consumers.js';

/** A broker as it can be injected. */
export interface BrokerName {
  /** Undefined is the token of the default broker. */
  readonly asked?: string | undefined;
  /** The name of the broker itself. */
  readonly name: string;
}

/** The names of a module's brokers and, where it has the default broker, the token without a name. */
export function namesOf(entries: readonly { readonly name: string }[], options?: ResolvedOptions): BrokerName[] {
  const names: BrokerName[] = entries.map(({ name }) => ({ asked: name, name }));
  const byDefault = entries.find(({ name }) => name === options?.default);
  return byDefault === undefined ? names : [...names, { name: byDefault.name }];
}

/**
 * Those whose token was requested in this process, which Nest has to resolve. A provider with a factory takes a
 * hundredth of a test module's time, and most brokers are injected nowhere.
 */
export function requestedAmong(names: readonly BrokerName[]): readonly BrokerName[] {
  return names.filter(({ asked }) => isRequested(asked));
}

/** A token only looks up the broker, so that overriding its provider leaves the broker itself in place. */
export function tokenOf({ asked, name }: BrokerName): FactoryProvider<Broker> & { readonly provide: string } {
  return {
    provide: brokerToken(asked),
    inject: [Consumers],
    useFactory: ({ multiBroker }: Consumers) => multiBroker.lookUp(name),
  };
}

/** Makes brokers that no class injects available to `moduleRef.get()`. */
export function provideOthers(
  multiBroker: ManagedMultiBroker,
  modules: ModulesContainer,
  names: readonly BrokerName[],
): void {
  const holders = [...modules.values()].filter(registers);
  for (const { asked, name } of names) {
    const provide = brokerToken(asked);
    if (holders.some(({ providers }) => providers.has(provide))) continue;
    holders[0]?.addProvider({ provide, useValue: multiBroker.lookUp(name) });
    holders[0]?.addExportedProviderOrModule(provide);
  }
}

/** Whether it is a module of `forRoot()`, `forRootAsync()` or `forFeature()`. */
function registers({ providers }: NestModule): boolean {
  return providers.has(Consumers);
}
