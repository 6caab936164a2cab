import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import {
  MultiBrokerHealthIndicator,
  MultiBrokerHealthModule,
  type MultiBrokerHealthOptions,
} from '../../lib/health/index.js';

export const healthImports = [TerminusModule.forRoot({ logger: false }), MultiBrokerHealthModule];

/** Answers `/ready` by these options, and `/live` without a look at brokers. */
export function healthController(options?: MultiBrokerHealthOptions) {
  @Controller()
  class HealthController {
    constructor(
      @Inject(HealthCheckService) private readonly health: HealthCheckService,
      @Inject(MultiBrokerHealthIndicator) private readonly brokers: MultiBrokerHealthIndicator,
    ) {}

    @Get('ready')
    @HealthCheck()
    ready() {
      return this.health.check([() => this.brokers.isHealthy('brokers', options)]);
    }

    @Get('live')
    @HealthCheck()
    live() {
      return this.health.check([]);
    }
  }
  return HealthController;
}
