import { expect, it, jest } from '@jest/globals';
import type { HandlerHandle } from '../../lib/index.js';
import { LagReadings } from '../../lib/lifecycle/lag-readings.js';
import { VirtualClock } from '../../lib/twin/index.js';

function readings(lag: () => Promise<number | undefined>) {
  const clock = new VirtualClock();
  const asked = jest.fn(lag);
  const handle = { lag: asked } as Partial<HandlerHandle> as HandlerHandle;
  const all = new LagReadings(clock);
  return { clock, asked, read: () => all.of(handle) };
}

it('a server is asked once in five seconds, however many ask', async () => {
  const { clock, asked, read } = readings(() => Promise.resolve(asked.mock.calls.length));
  expect(await Promise.all([read(), read()])).toEqual([{ messages: 1 }, { messages: 1 }]);
  clock.advance(4_999);
  expect(await read()).toEqual({ messages: 1 });
  clock.advance(1);
  expect(await read()).toEqual({ messages: 2 });
  expect(asked).toHaveBeenCalledTimes(2);
});

it('a failure is a reading, too', async () => {
  const { asked, read } = readings(() => Promise.reject(new Error('no answer')));
  expect(await read()).toEqual({ messages: undefined, error: new Error('no answer') });
  await read();
  expect(asked).toHaveBeenCalledTimes(1);
});
