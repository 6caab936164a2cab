export type { Bound } from './bound.js';
export { askedNames, brokerToken, getBrokerToken } from './broker-token.js';
export { type Configurable, type ConfigToken, type FromConfig, fromConfig, isFromConfig } from './from-config.js';
export { InjectBroker } from './inject-broker.js';
export {
  decoratedNames,
  hasDecorated,
  isDecorated,
  isHandler,
  type PublishToMetadata,
  publishersOf,
  type SubscribeMetadata,
  subscriptionsOf,
} from './metadata.js';
export { Ctx, MessageHeaders, MessageKey, MessageParam, Payload } from './parameters.js';
export { PublishTo } from './publish-to.js';
export { CONTEXT, CUSTOM_ARGUMENT, PAYLOAD, type Pipe, ROUTE_ARGUMENTS, type RouteArgument } from './route-argument.js';
export { type HandlerSettings, type OutputOf, Subscribe } from './subscribe.js';
