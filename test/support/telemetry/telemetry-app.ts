import type { ModuleMetadata } from '@nestjs/common';
import { afterEach, beforeEach } from '@jest/globals';
import { TelemetryModule, type TelemetryOptions } from '../../../lib/telemetry/index.js';
import { closeTestApps, type TestApp, testApp, type TestAppOptions } from '../test-app.js';
import type { OtlpReceiver } from './otlp-receiver.js';
import { TestSdk } from './sdk.js';

/** Applications with telemetry on twins; each test of the file has a new SDK and collector. */
export interface TelemetryRig {
  app(
    providers: NonNullable<ModuleMetadata['providers']>,
    options?: TestAppOptions,
    telemetry?: TelemetryOptions,
  ): Promise<TestApp>;
  /** What the collector has, once everything that ended has arrived. */
  received(): Promise<OtlpReceiver>;
}

export function telemetryRig(): TelemetryRig {
  let sdk: TestSdk;
  beforeEach(async () => {
    sdk = await TestSdk.start();
  });
  afterEach(async () => {
    await closeTestApps();
    await sdk.stop();
  });
  return {
    app: (providers, options = {}, telemetry = {}) => {
      const imports = [TelemetryModule.forRoot(telemetry), ...(options.imports ?? [])];
      return testApp(providers, { ...options, imports });
    },
    received: () => sdk.flush(),
  };
}
