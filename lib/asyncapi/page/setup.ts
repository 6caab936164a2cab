import type { INestApplication } from '@nestjs/common';
import { MultiBroker } from '../../driver/index.js';
import type { ManagedMultiBroker } from '../../lifecycle/index.js';
import { type AdapterRequest, type AdapterResponse, Exchange } from './http/exchange.js';
import { mustBe, type PageOptions } from './options.js';
import { type PageDocument, PageRoutes } from './routes.js';

/** Serves the page, its documents and its live view. Call it before the application listens. */
export function setUpPage(path: string, app: INestApplication, options: PageOptions, document: PageDocument): void {
  const full = fullPath(path, app, options.useGlobalPrefix);
  const base = full.slice(full.lastIndexOf('/') + 1);
  const brokers = app.get<unknown, ManagedMultiBroker>(MultiBroker, { strict: false });
  const routes = new PageRoutes({ app, brokers, options, base, document });
  const adapter = app.getHttpAdapter();
  for (const { method, path: rest, answer } of routes.all()) {
    const handle = (request: AdapterRequest, response: AdapterResponse): void => {
      void answer(new Exchange(request, response));
    };
    adapter[method](`${full}${rest}`, handle as never);
  }
  brokers.page.onDrained(() => routes.end());
}

/**
 * As SwaggerModule has it: a leading slash, no trailing one, and the global prefix where it is wanted. Not the root, of
 * which `/.json` and the files beside it would come.
 *
 * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID
 */
function fullPath(path: string, app: INestApplication, useGlobalPrefix = false): string {
  const { config } = app as { readonly config?: { getGlobalPrefix?(): string } };
  const prefix = useGlobalPrefix ? (config?.getGlobalPrefix?.() ?? '') : '';
  const parts = `${prefix}/${path}`.split('/').filter((part) => part !== '');
  if (parts.length === 0) throw mustBe('path', 'a path other than the root, such as /asyncapi', path);
  return `/${parts.join('/')}`;
}
