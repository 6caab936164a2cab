import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type BrokerDefinition, MultiBrokerModule } from '../../lib/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../lib/testing/index.js';
import { events, orders } from './test-app.js';

const quiet: LoggerService = { log() {}, error() {}, warn() {} };
const open = new Set<INestApplication>();

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface HttpApp {
  readonly app: INestApplication;
  get(path: string): Promise<Answer>;
}

export interface HttpAppOptions extends ModuleMetadata {
  readonly definitions?: readonly BrokerDefinition[];
}

/** An application that listens, with real brokers. */
export function httpApp({ definitions = [orders, events], ...metadata }: HttpAppOptions): Promise<HttpApp> {
  return listening(metadata, definitions, false);
}

/** The same on twins. */
export async function httpAppOnTwins({
  definitions = [orders, events],
  ...metadata
}: HttpAppOptions): Promise<HttpApp & { readonly harness: MultiBrokerHarness }> {
  const http = await listening(metadata, definitions, true);
  return { ...http, harness: http.app.get(MultiBrokerHarness) };
}

async function listening(
  metadata: ModuleMetadata,
  definitions: readonly BrokerDefinition[],
  onTwins: boolean,
): Promise<HttpApp> {
  const imports = [MultiBrokerModule.forRoot(definitions), ...(metadata.imports ?? [])];
  const builder = Test.createTestingModule({ ...metadata, imports });
  if (onTwins) builder.overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule);
  const app = (await builder.setLogger(quiet).compile()).createNestApplication();
  open.add(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, get: (path) => answerOf(`${url}${path}`) };
}

async function answerOf(url: string): Promise<Answer> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  const contentType = response.headers.get('content-type') ?? '';
  return { status: response.status, contentType, text: await response.text() };
}

/** Put it in `afterEach`. Nest 11 rejects with the error of a failed start once more. */
export async function closeHttpApps(): Promise<void> {
  const apps = [...open];
  open.clear();
  await Promise.all(apps.map((app) => app.close().catch(() => undefined)));
}
