export { DriverSource } from './driver-source.js';
export { type MultiBrokerOptions, type ResolvedOptions, resolveOptions } from './module-options.js';
