import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { BrokerRuntime } from '../lifecycle/index.js';
import { MultiBrokerHarness } from './harness.js';
import { ModuleHarness } from './module-harness.js';
import { TestRuntime } from './test-runtime.js';
import type { TestingOptions } from './testing-options.js';

// Factories rather than classes, of which Nest reads the metadata of all methods whenever a module is compiled.
const HARNESS: FactoryProvider<MultiBrokerHarness> = {
  provide: MultiBrokerHarness,
  inject: [BrokerRuntime],
  useFactory: (drivers: TestRuntime) => new ModuleHarness(drivers),
};

/**
 * Replaces every broker by its in-memory twin:
 * `overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule)`. Twins of one compiled module share one bus
 * per kind; two modules are isolated from each other.
 */
@Module({ providers: [driversWith({}), HARNESS], exports: [BrokerRuntime, MultiBrokerHarness] })
export class MultiBrokerTestingModule {
  /** The same with options. */
  static configure(options: TestingOptions): DynamicModule {
    return { module: MultiBrokerTestingModule, providers: [driversWith(options)] };
  }
}

/** Nest uses the later of two providers of one token: that of `configure()`. */
function driversWith(options: TestingOptions): FactoryProvider<TestRuntime> {
  return { provide: BrokerRuntime, useFactory: () => new TestRuntime(options) };
}
