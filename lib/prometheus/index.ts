export { MultiBrokerMetricsModule } from './metrics.module.js';
export type { MultiBrokerMetricsOptions } from './options.js';
