import { type DynamicModule, Module, type ValueProvider } from '@nestjs/common';
import { lazily } from '../decorators/index.js';
import { BrokerRuntime } from '../lifecycle/index.js';
import { MultiBrokerHarness } from './harness.js';
import { ModuleHarness } from './module-harness.js';
import { TestRuntime } from './test-runtime.js';
import type { TestingOptions } from './testing-options.js';

/**
 * Replaces every broker by its in-memory twin:
 * `overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule)`. Twins of one compiled module share one bus
 * per kind; two modules are isolated from each other.
 */
@Module({ providers: runtimeWith({}), exports: [BrokerRuntime, MultiBrokerHarness] })
export class MultiBrokerTestingModule {
  /** The same with options. */
  static configure(options: TestingOptions): DynamicModule {
    return { module: MultiBrokerTestingModule, providers: runtimeWith(options) };
  }
}

/**
 * Made anew for each module that is compiled. Values rather than classes, of which Nest reads the metadata of all methods,
 * and rather than factories, which take it some thirty promises each. Nest uses the later of two providers of one token:
 * that of `configure()`.
 */
function runtimeWith(options: TestingOptions): ValueProvider[] {
  return lazily(() => {
    const runtime = new TestRuntime(options);
    return [
      { provide: BrokerRuntime, useValue: runtime },
      { provide: MultiBrokerHarness, useValue: new ModuleHarness(runtime) },
    ];
  });
}
