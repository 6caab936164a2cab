import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { MultiBrokerHealthModule } from 'nestjs-multi-broker/health';
import { MultiBrokerMetricsModule } from 'nestjs-multi-broker/prometheus';
import { TelemetryModule } from 'nestjs-multi-broker/telemetry';
import { Bridge } from './bridge.js';
import { events, inMemory, orders } from './brokers.js';
import { OperationsController } from './operations.controller.js';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    MultiBrokerModule.forRoot([orders, events], { inMemory }),
    TelemetryModule.forRoot(),
    MultiBrokerMetricsModule.forRoot(),
    TerminusModule.forRoot({ logger: false }),
    MultiBrokerHealthModule,
  ],
  controllers: [OrdersController, OperationsController],
  providers: [Bridge],
})
export class AppModule {}
