export { AsyncApi } from './asyncapi.js';
export { documentOf } from './document.js';
export type {
  AsyncApiChannel,
  AsyncApiDocument,
  AsyncApiInfo,
  AsyncApiMessage,
  AsyncApiOperation,
  AsyncApiReply,
  AsyncApiSchema,
  AsyncApiServer,
  Extensions,
  Json,
  JsonObject,
  Reference,
} from './document-types.js';
export type { AsyncApiOptions } from './options.js';
export { svgOf } from './page/graph/svg.js';
export type { PageAdmin, PageGuard, PageOptions } from './page/index.js';
