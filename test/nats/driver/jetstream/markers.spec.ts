import { describe, expect, it } from '@jest/globals';
import { headers, type Msg } from 'nats';

import { mayHaveSchedules } from '../../../../lib/nats/driver/jetstream/stream-config.js';
import { isMarker } from '../../../../lib/nats/driver/jetstream/stream-message.js';

function message(body: string, fields: Record<string, string> = {}): Msg {
  const own = headers();
  for (const [name, value] of Object.entries(fields)) own.set(name, value);
  return { data: Buffer.from(body), headers: Object.keys(fields).length === 0 ? undefined : own } as unknown as Msg;
}

describe("a message that is the server's own affair", () => {
  it('is a delete marker, which has no body', () => {
    expect(isMarker(message('', { 'Nats-Marker-Reason': 'MaxAge', 'Nats-Rollup': 'sub' }), false)).toBe(true);
    expect(isMarker(message('', { other: 'x' }), false)).toBe(false);
    expect(isMarker(message(''), false)).toBe(false);
  });

  it('is the definition of a schedule, where its stream may hold some; what it makes is none', () => {
    const schedule = message('body', { 'Nats-Schedule': '@every 1s', 'Nats-Schedule-Target': 'a' });
    expect([isMarker(schedule, true), isMarker(schedule, false)]).toEqual([true, false]);
    expect(isMarker(message('body', { 'Nats-Scheduler': 's', 'Nats-Schedule-Next': 'purge' }), true)).toBe(false);
  });

  it('is not what somebody published with a rollup', () => {
    expect(isMarker(message('state', { 'Nats-Rollup': 'sub' }), true)).toBe(false);
  });
});

it('a stream may hold schedules where it allows them, or holds what others do', () => {
  const configs = [{}, { allow_msg_schedules: true }, { mirror: { name: 'S' } }, { sources: [{ name: 'S' }] }];
  expect(configs.map((config) => mayHaveSchedules(config as never))).toEqual([false, true, true, true]);
});
