export type { PageGuard } from './http/guard.js';
export { checkPageOptions, documentOptionsOf, type PageAdmin, type PageOptions } from './options.js';
export type { PageDocument } from './routes.js';
export { setUpPage } from './setup.js';
