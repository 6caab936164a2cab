import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { DriverSource } from '../lifecycle/index.js';
import { MultiBrokerHarness } from './harness.js';
import { ModuleHarness } from './module-harness.js';
import { TestDrivers } from './test-drivers.js';
import type { TestingOptions } from './testing-options.js';

// Factories: of a class Nest reads the metadata of all its methods, whenever a module is compiled.
const HARNESS: FactoryProvider<MultiBrokerHarness> = {
  provide: MultiBrokerHarness,
  inject: [DriverSource],
  useFactory: (drivers: TestDrivers) => new ModuleHarness(drivers),
};

/**
 * Replaces every broker by its in-memory twin:
 * `overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule)`. Twins of one compiled module share a bus
 * for each kind; two modules never hear each other.
 */
@Module({ providers: [driversWith({}), HARNESS], exports: [DriverSource, MultiBrokerHarness] })
export class MultiBrokerTestingModule {
  /** The same with options. */
  static configure(options: TestingOptions): DynamicModule {
    return { module: MultiBrokerTestingModule, providers: [driversWith(options)] };
  }
}

/** Of two providers of one token Nest takes the later one: that of `configure()`. */
function driversWith(options: TestingOptions): FactoryProvider<TestDrivers> {
  return { provide: DriverSource, useFactory: () => new TestDrivers(options) };
}
