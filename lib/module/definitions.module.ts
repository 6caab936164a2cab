import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { getBrokerToken } from '../decorators/index.js';
import type { Broker, BrokerDefinition } from '../driver/index.js';
import { ManagedMultiBroker, type ResolvedOptions } from '../lifecycle/index.js';
import { MultiBrokerConsumersModule } from './consumers.module.js';
import { MultiBrokerCoreModule } from './core.module.js';
import { type DefinitionEntry, definitionProvider, importsOf } from './definition-entry.js';
import { RootRegistry } from './root-registry.js';

/** Made when the module's definitions are registered; what looks a broker up waits for it. */
const REGISTERED = Symbol('nestjs-multi-broker.registered');

/**
 * Holds definitions and no state, so that one AppModule can be compiled many times. Global, so that its brokers can be
 * injected everywhere.
 */
@Module({})
export class MultiBrokerDefinitionsModule {}

/** The dynamic module of some definitions; with options it is the application's root. */
export function definitionsModule(entries: readonly DefinitionEntry[], options?: ResolvedOptions): DynamicModule {
  const definitions = entries.map(definitionProvider);
  const tokens = entries.map(({ name }) => lookUp(getBrokerToken(name), (multiBroker) => multiBroker.get(name)));
  const named = entries.some(({ name }) => name === options?.default);
  if (named) tokens.push(lookUp(getBrokerToken(), (multiBroker) => multiBroker.default));
  return {
    module: MultiBrokerDefinitionsModule,
    global: true,
    imports: [MultiBrokerCoreModule, MultiBrokerConsumersModule, ...importsOf(entries)],
    providers: [
      ...definitions,
      ...tokens,
      registration(
        definitions.map(({ provide }) => provide),
        options,
      ),
    ],
    exports: tokens.map(({ provide }) => provide),
  };
}

function registration(definitions: readonly Token[], options: ResolvedOptions | undefined): Provider {
  return {
    provide: REGISTERED,
    inject: [ManagedMultiBroker, RootRegistry, ...definitions],
    useFactory: (multiBroker: ManagedMultiBroker, roots: RootRegistry, ...made: BrokerDefinition[]) => {
      if (options) configure(multiBroker, roots, options);
      for (const definition of made) multiBroker.register(definition);
      return true;
    },
  };
}

function configure(multiBroker: ManagedMultiBroker, roots: RootRegistry, options: ResolvedOptions): void {
  const second = roots.addRoot(options.autoStart);
  if (second) multiBroker.problem(second);
  else multiBroker.configure(options);
}

/** Tokens look a broker up and do not make it: `overrideProvider()` of one leaves the broker itself in place. */
function lookUp(provide: Token, find: (multiBroker: ManagedMultiBroker) => Broker) {
  return { provide, inject: [ManagedMultiBroker, REGISTERED], useFactory: find };
}

type Token = ReturnType<typeof definitionProvider>['provide'];
