import type { INestApplication, INestApplicationContext } from '@nestjs/common';
import { MultiBroker } from '../driver/index.js';
import { documentOf } from './document.js';
import type { AsyncApiDocument } from './document-types.js';
import { type AsyncApiOptions, checkAsyncApiOptions, DOCUMENT_OPTIONS } from './options.js';
import { checkPageOptions, documentOptionsOf, type PageOptions, setUpPage } from './page/index.js';
import { neededPackage } from './peers.js';

/** Documents of an application by AsyncAPI. */
export class AsyncApi {
  /**
   * A document of AsyncAPI 3.1 of all brokers of an application: a server for each, a channel `broker/address` for each
   * topic, subject and stream, and an operation for what each handler receives and sends. The application need not be
   * listening, initialized or connected.
   *
   * Payloads come of Standard Schemas that can give JSON Schema, and of classes with decorators of `@nestjs/swagger` or
   * class-validator. Servers have neither users nor passwords.
   *
   * ```ts
   * const app = await NestFactory.create(AppModule);
   * const document = await AsyncApi.document(app, { info: { title: 'Orders', version: '1.0.0' } });
   * ```
   *
   * @throws WiringError
   * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID
   */
  static document(app: INestApplicationContext, options: AsyncApiOptions): Promise<AsyncApiDocument> {
    return documentOf(multiBrokerOf(app).topology(), options);
  }

  /**
   * A document as YAML.
   *
   * @throws MultiBrokerError MULTI_BROKER_PACKAGE_MISSING without the package `yaml`
   */
  static yaml(document: AsyncApiDocument): Promise<string> {
    return toYaml(document);
  }

  /**
   * Serves the document and a page about the application, in the manner of SwaggerModule: the graph of its handlers, a live
   * view of what is stuck and why, its dead letters, and the document, rendered. The document alone is at the same path with
   * `.json` and `.yaml`. Call it before the application listens; on Express and on Fastify.
   *
   * Everybody who reaches the path may look, unless there is a `guard`; nobody sees a payload or changes anything, unless
   * there is an `admin`.
   *
   * ```ts
   * AsyncApi.setup('/asyncapi', app, { info: { title: 'Orders', version: '1.0.0' } });
   * ```
   *
   * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID
   */
  static setup(path: string, app: INestApplication, options: AsyncApiOptions & PageOptions): void {
    checkPageOptions(options, DOCUMENT_OPTIONS);
    const of = documentOptionsOf(options);
    checkAsyncApiOptions(of);
    setUpPage(path, app, options, {
      title: of.info.title,
      json: async () => JSON.stringify(await AsyncApi.document(app, of), undefined, 2),
      yaml: async () => AsyncApi.yaml(await AsyncApi.document(app, of)),
    });
  }
}

/** The brokers of an application. */
function multiBrokerOf(app: INestApplicationContext): MultiBroker {
  return app.get(MultiBroker, { strict: false });
}

interface Yaml {
  stringify(value: unknown, options: object): string;
}

/**
 * A document as YAML.
 *
 * @throws MultiBrokerError MULTI_BROKER_PACKAGE_MISSING without the package `yaml`
 */
export async function toYaml(document: AsyncApiDocument): Promise<string> {
  const yaml = await neededPackage<Yaml>('yaml', 'A document as YAML', () => import('yaml'));
  // Without anchors, which few tools expect in a document that has references of its own.
  return yaml.stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
