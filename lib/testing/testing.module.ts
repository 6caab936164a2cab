import { type DynamicModule, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DriverSource } from '../lifecycle/index.js';
import { MultiBrokerHarness } from './harness.js';
import { ModuleHarness } from './module-harness.js';
import { TestDrivers } from './test-drivers.js';
import { TESTING_OPTIONS, type TestingOptions } from './testing-options.js';

/**
 * Replaces every broker by its in-memory twin:
 * `overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule)`. Twins of one compiled module share a bus
 * for each kind; two modules never hear each other.
 */
@Module({
  providers: [
    TestDrivers,
    { provide: DriverSource, useExisting: TestDrivers },
    { provide: MultiBrokerHarness, useClass: ModuleHarness },
  ],
  exports: [DriverSource, MultiBrokerHarness],
})
export class MultiBrokerTestingModule {
  /** Nest calls shutdown hooks by distance: this module's come before those that stop the handlers, at distance 0. */
  constructor(modules: ModulesContainer) {
    for (const module of modules.values()) {
      if (module.metatype === MultiBrokerTestingModule) module.distance = -1;
    }
  }

  /** The same with options. */
  static configure(options: TestingOptions): DynamicModule {
    return {
      module: MultiBrokerTestingModule,
      providers: [{ provide: TESTING_OPTIONS, useValue: options }],
    };
  }
}
