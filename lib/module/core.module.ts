import { forwardRef, Global, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { MultiBroker } from '../driver/index.js';
import { DriverSource, ManagedMultiBroker } from '../lifecycle/index.js';
import { Connections } from './connections.js';
import { FIRST_UP, setDistance } from './hook-order.js';
import { MultiBrokerModule } from './multi-broker.module.js';
import { NestLog } from './nest-log.js';
import { RootRegistry } from './root-registry.js';

/** Registry and connections of an application: static and global, so there is one of it however many import it. */
@Global()
@Module({
  // MultiBrokerModule.forRoot() imports this module: the two files import each other.
  imports: [forwardRef(() => MultiBrokerModule)],
  providers: [
    {
      provide: ManagedMultiBroker,
      inject: [DriverSource],
      useFactory: (drivers: DriverSource) => new ManagedMultiBroker(drivers, new NestLog()),
    },
    { provide: MultiBroker, useExisting: ManagedMultiBroker },
    RootRegistry,
    Connections,
  ],
  exports: [ManagedMultiBroker, MultiBroker, RootRegistry, Connections],
})
export class MultiBrokerCoreModule {
  constructor(modules: ModulesContainer) {
    setDistance(modules, MultiBrokerCoreModule, FIRST_UP);
  }
}
