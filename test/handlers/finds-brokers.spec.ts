import { forwardRef, Inject, Injectable, type Provider } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef, ModulesContainer } from '@nestjs/core';
import { expect, it } from '@jest/globals';
import { findsBrokers } from '../../lib/handlers/injected-brokers.js';
import { type Broker, getBrokerToken, InjectBroker, MultiBroker } from '../../lib/index.js';
import { start } from '../support/app.js';

class Other {
  readonly name = 'other';
}

@Injectable()
class ByName {
  constructor(@InjectBroker('orders') readonly orders: Broker) {}
}
@Injectable()
class TheDefault {
  constructor(@InjectBroker() readonly orders: Broker) {}
}
@Injectable()
class AsProperty {
  @InjectBroker('orders') readonly orders!: Broker;
}
@Injectable()
class OfAll {
  constructor(
    readonly other: Other,
    readonly brokers: MultiBroker,
  ) {}
}
@Injectable()
class Later {
  constructor(@Inject(forwardRef(() => MultiBroker)) readonly brokers: MultiBroker) {}
}
@Injectable()
class LooksUp {
  constructor(readonly moduleRef: ModuleRef) {}
}
@Injectable()
class Loads {
  constructor(readonly loader: LazyModuleLoader) {}
}
@Injectable()
class Bridge {
  constructor(readonly other: Other) {}
}

const useFactory = (): unknown => ({});
const token = 'made';

it.each<[string, Provider, boolean]>([
  ['a broker by its name', ByName, true],
  ['the default broker', TheDefault, true],
  ['a broker as a property', AsProperty, true],
  ['all brokers', OfAll, true],
  ['all brokers behind a forwardRef', Later, true],
  ['ModuleRef', LooksUp, true],
  ['LazyModuleLoader', Loads, true],
  ['a factory that is given a broker', { provide: token, inject: [getBrokerToken('orders')], useFactory }, true],
  [
    'a factory that may be given one',
    { provide: token, inject: [{ token: MultiBroker, optional: true }], useFactory },
    true,
  ],
  ['anything else', Bridge, false],
  ['a factory of anything else', { provide: token, inject: [Other], useFactory }, false],
  ['a value', { provide: token, useValue: MultiBroker }, false],
])('who is given %s may publish by hand: %#', async (_, provider, expected) => {
  class Fake extends Other {}
  const fakes = [MultiBroker, getBrokerToken(), getBrokerToken('orders')].map((provide) => ({
    provide,
    useClass: Fake,
  }));
  const app = await start({ providers: [Other, ...fakes, provider] });
  const [module] = [...app.get(ModulesContainer, { strict: false }).values()].filter(({ providers }) =>
    providers.has(Other),
  );
  const wrapper = module!.providers.get(typeof provider === 'function' ? provider : token);
  expect(findsBrokers(wrapper as never)).toBe(expected);
});
