export { catalogue, type ErrorCode, PHRASES } from './catalogue/index.js';
export {
  type FixedPhrase,
  type MessageId,
  type MessageParams,
  phrase,
  type Problem,
  problemAt,
  problemIn,
  problemOf,
  textOf,
} from './messages.js';
export { errorAt, errorFrom, errorOf, publishErrorOf } from './error-of.js';
export {
  type ErrorDetails,
  isMultiBrokerError,
  MultiBrokerError,
  PublishError,
  type PublishErrorDetails,
  WiringError,
  BrokerStartError,
  type StartFailure,
  loadedCopies,
} from './errors.js';
export {
  isCount,
  isDuration,
  isFunction,
  isObject,
  requireDuration,
  isMissing,
  missing,
  requireName,
  type OptionNames,
  unknownOptions,
  nearestName,
} from './option-checks.js';
export { withoutCredentials } from './without-credentials.js';
export { asError, codeOf, lineWithCauses, stackWithCauses } from './causes.js';
