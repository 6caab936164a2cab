import type { ServerResponse } from 'node:http';
import { expect, it } from '@jest/globals';
import { Live } from '../../../lib/asyncapi/page/live/live.js';

type Brokers = ConstructorParameters<typeof Live>[0];

/** Brokers that count how often they are watched. */
function watched() {
  const seen = { begun: 0, ended: 0 };
  const brokers = {
    page: { now: () => 0, isOver: false },
    observe: () => {
      seen.begun++;
      return () => {
        seen.ended++;
      };
    },
    health: () => ({ status: 'up', brokers: [] }),
    waiting: () => [],
    handlers: [],
  };
  return { seen, live: new Live(brokers as unknown as Brokers) };
}

it('a browser that left while its guard was asked is not watched for', () => {
  const { live, seen } = watched();
  live.open({ destroyed: true, writeHead: () => undefined, write: () => false, once: () => undefined } as never);
  expect(seen).toEqual({ begun: 0, ended: 0 });
});

it('nothing is watched once the last browser has left', () => {
  const { live, seen } = watched();
  let left: (() => void) | undefined;
  const response = {
    writeHead: () => undefined,
    write: () => true,
    once: (_: string, listener: () => void) => (left = listener),
  };
  live.open(response as unknown as ServerResponse);
  left?.();
  expect(seen).toEqual({ begun: 1, ended: 1 });
});
