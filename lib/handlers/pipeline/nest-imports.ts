// All deep imports of Nest, tested with Nest 11.2.10 and 12.5.1 (`npm run test:nest11`, `npm test`). None is public
// API, so check these first with a new version of Nest.

/** The context that guards, interceptors and filters receive: arguments, class and method of the call. */
export { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
/** The context id of singletons. */
export { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
/** Creates the instances of request-scoped classes. */
export { Injector } from '@nestjs/core/injector/injector.js';
/** The property in which a request keeps its context id. */
export { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
/** Metadata keys of the dependencies of a class. */
export {
  OPTIONAL_DEPS_METADATA,
  OPTIONAL_PROPERTY_DEPS_METADATA,
  PARAMTYPES_METADATA,
  PROPERTY_DEPS_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from '@nestjs/common/constants.js';
