export { MultiBrokerHealthModule } from './health.module.js';
export { MultiBrokerHealthIndicator } from './health-indicator.js';
export type { MultiBrokerHealthOptions } from './options.js';
