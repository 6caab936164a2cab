// The entry `nestjs-multi-broker/driver`: all that a third party needs for a kind of its own. The layers of the
// library import `index.js` instead, so that an application never loads the conformance suite.
export * from './index.js';
export * from './conformance/index.js';
export type { Codec, Encoded } from '../codec/index.js';
export {
  type ErrorCode,
  type ErrorDetails,
  isMultiBrokerError,
  MultiBrokerError,
  PublishError,
} from '../errors/index.js';
