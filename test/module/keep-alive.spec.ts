import { afterEach, describe, expect, it } from '@jest/globals';
import { MultiBroker, MultiBrokerModule, type MultiBrokerOptions } from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { fakeBroker } from '../support/fake-kind.js';
import { closeTestApps, testApp } from '../support/test-app.js';

/** Timers that keep the process running; one that is unref'd is not among them. */
const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('the process of an application without a socket', () => {
  const inMemory = (options: MultiBrokerOptions = {}) =>
    start({ imports: [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders' })], { inMemory: true, ...options })] });
  afterEach(async () => {
    await closeApps();
    await closeTestApps();
  });

  it('stays up with inMemory brokers until the application is closed', async () => {
    const before = timers();
    const app = await inMemory();
    expect(timers()).toBe(before + 1);
    await app.close();
    expect(timers()).toBe(before);
  });

  it('stays up from MultiBroker.start() to stop(), also the second time', async () => {
    const before = timers();
    const app = await inMemory({ autoStart: false });
    const multiBroker = app.get(MultiBroker);
    for (let time = 0; time < 2; time++) {
      expect(timers()).toBe(before);
      await multiBroker.start();
      expect(timers()).toBe(before + 1);
      await multiBroker.stop();
    }
    expect(timers()).toBe(before);
  });

  it('is let go by a start that fails', async () => {
    const before = timers();
    const imports = [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders' })], { inMemory: true, default: 'none' })];
    await expect(start({ imports })).rejects.toThrow();
    expect(timers()).toBe(before);
  });

  it('is left to the sockets of brokers that have some', async () => {
    const before = timers();
    await inMemory({ inMemory: false });
    expect(timers()).toBe(before);
  });

  it('ends with the test, whether or not that closes a module of twins', async () => {
    const before = timers();
    await testApp([]);
    expect(timers()).toBe(before);
  });
});
