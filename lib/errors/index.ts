export { catalogue, type ErrorCode } from './catalogue.js';
export { type ErrorDetails, isMultiBrokerError, MultiBrokerError } from './multi-broker-error.js';
export { PublishError } from './publish-error.js';
export { WiringError } from './wiring-error.js';
export { BrokerStartError, type StartFailure } from './broker-start-error.js';
export { isDuration, requireDuration } from './duration.js';
export { asError } from './as-error.js';
export { nearestName } from './nearest-name.js';
export { loadedCopies } from './copies.js';
