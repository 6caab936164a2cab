export type { PageGuard } from './http/guard.js';
export { checkPageOptions, PAGE_OPTIONS, type PageAdmin, type PageOptions } from './options.js';
export { setUpPage } from './setup.js';
