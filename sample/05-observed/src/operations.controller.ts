import { Controller, Get, Header } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { MultiBrokerHealthIndicator } from 'nestjs-multi-broker/health';
import { register } from 'prom-client';

/** What Prometheus and Kubernetes ask. */
@Controller()
export class OperationsController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly brokers: MultiBrokerHealthIndicator,
  ) {}

  @Get('metrics')
  @Header('content-type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }

  /** Requests may come: the brokers are connected, and no handler is far behind. */
  @Get('health/ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.brokers.isHealthy('brokers', { maxLag: 10_000 })]);
  }

  /** The process answers. */
  @Get('health/live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }
}
