import { Logger } from '@nestjs/common';
import { expect, it, jest } from '@jest/globals';
import type { ManagedMultiBroker } from '../../lib/lifecycle/index.js';
import { Connections } from '../../lib/module/consumers.js';
import { eventually } from '../support/eventually.js';

function connections(end: () => Promise<void>): Connections {
  return new Connections({ end } as ManagedMultiBroker);
}

it('connections are closed after a while where Nest does not call the last hook', async () => {
  const end = jest.fn(async () => {});
  connections(end).closeSoon(5);
  expect(end).not.toHaveBeenCalled();
  await eventually(() => expect(end).toHaveBeenCalledTimes(1));
});

it('connections are closed once, by the last hook, where Nest calls it', async () => {
  const end = jest.fn(async () => {});
  const one = connections(end);
  one.closeSoon(5);
  await one.onApplicationShutdown();
  // Timers of one length fire in the order in which they were set: when this one's has, the first one's would have.
  const later = jest.fn(async () => {});
  connections(later).closeSoon(5);
  await eventually(() => expect(later).toHaveBeenCalledTimes(1));
  expect(end).toHaveBeenCalledTimes(1);
});

it('the last hook never rejects, which would keep those of other modules from being called', async () => {
  const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  await connections(() => Promise.reject(new Error('no'))).onApplicationShutdown();
  expect(error).toHaveBeenCalledWith('Closing the brokers failed', expect.stringContaining('no'));
  error.mockRestore();
});
