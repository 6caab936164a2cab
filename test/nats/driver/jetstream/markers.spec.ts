import { describe, expect, it } from '@jest/globals';
import { headers, type Msg } from 'nats';

import { mayHaveSchedules, removesAcked } from '../../../../lib/nats/driver/jetstream/stream-config.js';
import { markerOf } from '../../../../lib/nats/driver/jetstream/stream-message.js';

function message(body: string, fields: Record<string, string> = {}): Msg {
  const own = headers();
  for (const [name, value] of Object.entries(fields)) own.set(name, value);
  return { data: Buffer.from(body), headers: Object.keys(fields).length === 0 ? undefined : own } as unknown as Msg;
}

describe("a message that is the server's own affair", () => {
  it('is a delete marker, which has no body', () => {
    expect(markerOf(message('', { 'Nats-Marker-Reason': 'MaxAge', 'Nats-Rollup': 'sub' }), false)).toBe('deleted');
    expect(markerOf(message('', { other: 'x' }), false)).toBeUndefined();
    expect(markerOf(message(''), false)).toBeUndefined();
  });

  it('is the definition of a schedule, where its stream may hold some; what it makes is none', () => {
    const schedule = message('body', { 'Nats-Schedule': '@every 1s', 'Nats-Schedule-Target': 'a' });
    expect([markerOf(schedule, true), markerOf(schedule, false)]).toEqual(['schedule', undefined]);
    expect(markerOf(message('body', { 'Nats-Scheduler': 's', 'Nats-Schedule-Next': 'purge' }), true)).toBeUndefined();
  });

  it('is not what somebody published with a rollup', () => {
    expect(markerOf(message('state', { 'Nats-Rollup': 'sub' }), true)).toBeUndefined();
  });
});

it('a stream may hold schedules where it allows them, or holds what others do', () => {
  const configs = [{}, { allow_msg_schedules: true }, { mirror: { name: 'S' } }, { sources: [{ name: 'S' }] }];
  expect(configs.map((config) => mayHaveSchedules(config as never))).toEqual([false, true, true, true]);
});

it('an ack removes a message from a work queue, and from a stream that keeps by interest', () => {
  const kept = [{}, { retention: 'limits' }, { retention: 'workqueue' }, { retention: 'interest' }];
  expect(kept.map(removesAcked)).toEqual([false, false, true, true]);
});
