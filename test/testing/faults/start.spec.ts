import { afterEach, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { MultiBrokerModule } from '../../../lib/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../../lib/testing/index.js';
import { events, orders } from '../../support/test-app.js';

let moduleRef: TestingModule;

// Nest 11 rejects here with what failed the start.
afterEach(() => moduleRef.close().catch(() => undefined));

it('a broker that cannot be reached fails the start, and is named', async () => {
  @Module({ imports: [MultiBrokerModule.forRoot([orders, events])] })
  class AppModule {}
  moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .setLogger({ log() {}, error() {}, warn() {} })
    .compile();
  moduleRef.get(MultiBrokerHarness).fault('events').failStart();
  await expect(moduleRef.init()).rejects.toThrow(/'events'.*ECONNREFUSED/s);
});
