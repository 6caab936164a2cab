import { type LoggerService, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Broker, type BrokerDefinition, getBrokerToken, MultiBrokerModule } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule, type TestingOptions } from '../../lib/testing/index.js';

export const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } });
export const events = natsBroker({ name: 'events', client: {} });

export interface TestApp {
  readonly moduleRef: TestingModule;
  readonly harness: MultiBrokerHarness;
  get<T>(type: Type<T>): T;
  broker(name: string): Broker;
}

export interface TestAppOptions extends TestingOptions {
  readonly definitions?: readonly BrokerDefinition[];
  readonly imports?: ModuleMetadata['imports'];
  readonly logger?: LoggerService;
}

const quiet: LoggerService = { log() {}, error() {}, warn() {} };

const open = new Set<TestingModule>();

/** An application of these providers with the brokers `orders` (Kafka) and `events` (NATS), on twins, started. */
export async function testApp(
  providers: NonNullable<ModuleMetadata['providers']>,
  { definitions = [orders, events], imports = [], logger = quiet, ...options }: TestAppOptions = {},
): Promise<TestApp> {
  @Module({ imports: [MultiBrokerModule.forRoot(definitions), ...imports], providers })
  class AppModule {}
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule.configure(options))
    .setLogger(logger)
    .compile();
  await begun(moduleRef);
  return {
    moduleRef,
    harness: moduleRef.get(MultiBrokerHarness),
    get: (type) => moduleRef.get(type, { strict: false }),
    broker: (name) => moduleRef.get<Broker>(getBrokerToken(name), { strict: false }),
  };
}

/** Nest 11 rejects every `close()` of an application whose start has failed, with the error of the start. */
async function begun(moduleRef: TestingModule): Promise<void> {
  try {
    await moduleRef.init();
    open.add(moduleRef);
  } catch (error) {
    await moduleRef.close().catch(() => undefined);
    throw error;
  }
}

/** Put it in `afterEach`. */
export async function closeTestApps(): Promise<void> {
  const apps = [...open];
  open.clear();
  await Promise.all(apps.map((app) => app.close()));
}
