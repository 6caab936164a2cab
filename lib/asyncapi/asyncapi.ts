import type { INestApplicationContext } from '@nestjs/common';
import { MultiBroker } from '../driver/index.js';
import { documentOf } from './document.js';
import type { AsyncApiDocument } from './document-types.js';
import type { AsyncApiOptions } from './options.js';
import { toYaml } from './yaml.js';

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
}

/** The brokers of an application. */
function multiBrokerOf(app: INestApplicationContext): MultiBroker {
  return app.get(MultiBroker, { strict: false });
}
