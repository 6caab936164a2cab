export { encodePublish, filled } from './encode-publish.js';
export type { LifecycleTrace } from './lifecycle.js';
export type { LagReading } from './lag-readings.js';
export type { RebalanceTrace } from './rebalance-trace.js';
export { BrokerRuntime, type ServedApplication } from './runtime.js';
export { definitionOf, inspect, useOf } from './inspection.js';
export {
  type Graph,
  type GraphBroker,
  type GraphEdge,
  type GraphEdgeKind,
  type GraphHandler,
  graphOf,
  type GraphPlace,
} from './graph.js';
export type { Instrumentation } from './instrumentation.js';
export type { BrokerWaiting } from './broker-waiting.js';
export { ManagedMultiBroker } from './managed-multi-broker.js';
export type { PageAccess } from './page-access.js';
export { type MultiBrokerOptions, type ResolvedOptions, resolveOptions } from './module-options.js';
export { OBSERVED_BROKERS, observedBrokers, type Observers } from './observe-all.js';
export { type HeldSource, whyHeld } from './pending-bindings.js';
