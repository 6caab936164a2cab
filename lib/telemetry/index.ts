export { SEMANTIC_CONVENTIONS } from './conventions.js';
export type { TelemetryOptions } from './options.js';
export { TelemetryModule } from './telemetry.module.js';
