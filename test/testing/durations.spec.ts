import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

@Injectable()
class Handlers {
  @Subscribe('orders', 'incoming')
  on() {
    // Nothing to do.
  }
}

afterEach(closeTestApps);

it.each([NaN, -1, Infinity])('the harness refuses a duration of %s, and its clock stays', async (ms) => {
  const { harness } = await testApp([Handlers]);
  const before = harness.clock.now();
  const fault = harness.fault('orders');
  const refused = { code: 'MULTI_BROKER_OPTION_INVALID' };
  await expect(harness.clock.advance(ms)).rejects.toMatchObject(refused);
  await expect(harness.waitFor(() => false, { timeoutMs: ms })).rejects.toMatchObject(refused);
  await expect(fault.dropConnection({ forMs: ms })).rejects.toMatchObject(refused);
  expect(() => fault.slowPublish(ms)).toThrow(expect.objectContaining(refused));
  expect(harness.clock.now()).toBe(before);
  await harness.publish('orders', 'incoming', 'x');
});
