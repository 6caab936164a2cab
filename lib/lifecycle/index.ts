export { encodeByHand } from './encode-by-hand.js';
export { DriverSource, type ServedApplication } from './driver-source.js';
export { type BrokerWaiting, ManagedMultiBroker } from './managed-multi-broker.js';
export { type MultiBrokerOptions, type ResolvedOptions, resolveOptions } from './module-options.js';
export { type HeldSource, whyHeld } from './waiting-room.js';
