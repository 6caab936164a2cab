import { describe, expect, it } from '@jest/globals';
import type { AckPolicy, Lane } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const retry = { attempts: 2, delayMs: 100, factor: 1, maxDelayMs: 100, jitter: 0 };

/** The fate of a message after its handler succeeded, or failed as often as it may. */
async function fate(ack: AckPolicy, again: Lane['redelivery'], fails: boolean): Promise<string> {
  const rig = new Rig({
    binding: { ack, retry },
    lane: { redelivery: again, backpressure: again !== 'none' },
    handle: () => {
      if (fails) throw new Error('no');
      return undefined;
    },
  });
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(100);
  await turns();
  const { handled, failed, rejected, running } = rig.counts;
  const level = rig.log.lines.some((line) => line.startsWith('error')) ? 'error' : '-';
  const waits = rig.clock.nextAt() === Infinity ? '' : ` in ${rig.clock.nextAt() - rig.clock.now()}`;
  return `${rig.lane.fates.join() || 'unsettled'}${waits}, handled ${handled}, failed ${failed}, rejected ${rejected}, running ${running}, ${level}`;
}

const success = ', handled 1, failed 0, rejected 0, running 0, -';

describe.each(['server', 'in-place', 'none'] as const)('on a lane whose failures are brought back by: %s', (again) => {
  it.each(['nack-on-error', 'reject-on-error', 'ack-first'] as const)('%s acks a success', async (ack) => {
    expect(await fate(ack, again, false)).toBe(`a ack${success}`);
  });

  it('manual leaves a success to the handler', async () => {
    expect(await fate('manual', again, false)).toBe(`unsettled${success}`);
  });

  it('nack-on-error brings a failure back, where it can be', async () => {
    const expected = {
      server: 'a 1000, handled 0, failed 2, rejected 0, running 0, error',
      'in-place': 'unsettled in 1000, handled 0, failed 2, rejected 0, running 0, error',
      none: 'a reject, handled 0, failed 2, rejected 1, running 0, error',
    };
    expect(await fate('nack-on-error', again, true)).toBe(expected[again]);
  });

  it('reject-on-error logs, counts and drops a failure', async () => {
    expect(await fate('reject-on-error', again, true)).toBe(
      'a reject, handled 0, failed 2, rejected 1, running 0, error',
    );
  });

  it('ack-first logs a failure, acked before', async () => {
    expect(await fate('ack-first', again, true)).toBe('a ack, handled 0, failed 2, rejected 0, running 0, error');
  });

  it('manual logs a failure and leaves it', async () => {
    expect(await fate('manual', again, true)).toBe('unsettled, handled 0, failed 2, rejected 0, running 0, error');
  });
});

it('ack-first acks before the handler is called', async () => {
  const seen: string[] = [];
  const rig = new Rig({
    binding: { ack: 'ack-first' },
    handle: () => {
      seen.push(...rig.lane.fates);
      return undefined;
    },
  });
  void rig.take(...messages('a'));
  await turns();
  expect(seen).toEqual(['a ack']);
});

it('the others ack only after the handler has ended', async () => {
  const running = open();
  const rig = new Rig({ handle: () => running.promise.then(() => undefined) });
  void rig.take(...messages('a'));
  await turns();
  expect([rig.lane.fates, rig.counts.running]).toEqual([[], 1]);
  running.resolve();
  await turns();
  expect([rig.lane.fates, rig.counts.running]).toEqual([['a ack'], 0]);
});

it('a server is asked to wait longer with every delivery: 1 s, doubling to 30 s', async () => {
  const fates: string[] = [];
  for (const deliveries of [1, 2, 3, 4, 5, 6, 7, 40]) {
    const rig = new Rig({
      binding: { retry: { ...retry, attempts: 1 } },
      lane: { redelivery: 'server' },
      handle: () => {
        throw new Error('no');
      },
    });
    const [message] = messages('a');
    void rig.take(Object.assign(message!, { deliveryCount: deliveries }));
    await turns();
    fates.push(...rig.lane.fates);
  }
  expect(fates).toEqual(['a 1000', 'a 2000', 'a 4000', 'a 8000', 'a 16000', 'a 30000', 'a 30000', 'a 30000']);
});
