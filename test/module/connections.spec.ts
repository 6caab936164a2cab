import { Logger } from '@nestjs/common';
import { expect, it, jest } from '@jest/globals';
import type { ManagedMultiBroker } from '../../lib/lifecycle/index.js';
import { Connections } from '../../lib/module/connections.js';
import { eventually } from '../support/eventually.js';

function connections(disconnect: () => Promise<void>): Connections {
  return new Connections({ disconnect } as ManagedMultiBroker);
}

it('connections are closed after a while where Nest does not call the last hook', async () => {
  const disconnect = jest.fn(async () => {});
  connections(disconnect).closeSoon(5);
  expect(disconnect).not.toHaveBeenCalled();
  await eventually(() => expect(disconnect).toHaveBeenCalledTimes(1));
});

it('connections are closed once, by the last hook, where Nest calls it', async () => {
  const disconnect = jest.fn(async () => {});
  const one = connections(disconnect);
  one.closeSoon(5);
  await one.onApplicationShutdown();
  // Timers of one length fire in the order in which they were set: when this one's has, the first one's would have.
  const later = jest.fn(async () => {});
  connections(later).closeSoon(5);
  await eventually(() => expect(later).toHaveBeenCalledTimes(1));
  expect(disconnect).toHaveBeenCalledTimes(1);
});

it('the last hook never rejects, which would keep those of other modules from being called', async () => {
  const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  await connections(() => Promise.reject(new Error('no'))).onApplicationShutdown();
  expect(error).toHaveBeenCalledWith('Closing the brokers failed', expect.stringContaining('no'));
  error.mockRestore();
});
