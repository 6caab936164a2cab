import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

const open = new Set<TestingModule>();

/** A compiled application; {@link closeApps} closes it after the test, unless the test has. */
export async function compile(metadata: ModuleMetadata): Promise<TestingModule> {
  const app = await Test.createTestingModule(metadata).compile();
  open.add(app);
  const close = app.close.bind(app);
  app.close = (...signal) => {
    open.delete(app);
    return close(...signal);
  };
  return app;
}

/** The same, started. */
export async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  const app = await compile(metadata);
  return app.init();
}

/** Put it in `afterEach`. Nest 11 rejects with the error of a failed start once more. */
export async function closeApps(): Promise<void> {
  await Promise.all([...open].map((app) => app.close().catch(() => undefined)));
}
