import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { observedBrokers } from '../lifecycle/index.js';
import { MultiBrokerHealthIndicator } from './health-indicator.js';

/**
 * Provides {@link MultiBrokerHealthIndicator}. Import it beside `TerminusModule`, in the module of the health controller.
 *
 * It has its own `HealthIndicatorService`, which depends on nothing, so that it does not import `TerminusModule`: that
 * would be a second one without the options of yours.
 */
@Module({
  providers: [observedBrokers, HealthIndicatorService, MultiBrokerHealthIndicator],
  exports: [MultiBrokerHealthIndicator],
})
export class MultiBrokerHealthModule {}
