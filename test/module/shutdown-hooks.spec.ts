import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MultiBrokerModule } from '../../lib/index.js';
import { ShutdownHooks } from '../../lib/module/live-runtime.js';
import { closeApps, start } from '../support/app.js';
import { MemoryLog } from '../support/delivery-rig.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker } from '../support/fake-kind.js';
import { closeTestApps, testApp } from '../support/test-app.js';

describe('an application without enableShutdownHooks()', () => {
  const log = new MemoryLog();
  const asked: string[] = [];
  const hooks = (listening: string) =>
    new ShutdownHooks(log, (signal) => {
      asked.push(signal);
      return signal === listening ? 1 : 0;
    });
  afterEach(() => {
    log.lines.length = 0;
    asked.length = 0;
  });

  it('is warned of, with what to call', async () => {
    hooks('none').lookSoon(0);
    await eventually(() => {
      expect(log.lines).toEqual([expect.stringMatching(/^warn No listener for SIGTERM.*app\.enableShutdownHooks\(\)/)]);
    });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('is none where somebody listens for %s', async (signal) => {
    hooks(signal).lookSoon(0);
    await eventually(() => {
      expect(asked).toContain(signal);
    });
    expect(log.lines).toEqual([]);
  });

  it('is not looked at once it is closed', async () => {
    const closed = hooks('none');
    closed.lookSoon(0);
    closed.end();
    hooks('SIGTERM').lookSoon(1);
    await eventually(() => {
      expect(asked).toEqual(['SIGTERM']);
    });
    expect(log.lines).toEqual([]);
  });
});

describe('the look', () => {
  const looks = jest.spyOn(ShutdownHooks.prototype, 'lookSoon');
  const ends = jest.spyOn(ShutdownHooks.prototype, 'end');
  beforeEach(() => void jest.clearAllMocks());
  afterEach(async () => {
    await closeApps();
    await closeTestApps();
  });

  it('follows the start and ends with the application', async () => {
    const app = await start({ imports: [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders' })])] });
    expect([looks.mock.calls.length, ends.mock.calls.length]).toEqual([1, 0]);
    await app.close();
    expect(ends).toHaveBeenCalledTimes(1);
  });

  it('is none at what keeps nothing: twins, be it by the option or in a test', async () => {
    await start({ imports: [MultiBrokerModule.forRoot([fakeBroker({ name: 'orders' })], { inMemory: true })] });
    await testApp([]);
    expect(looks).not.toHaveBeenCalled();
  });
});
