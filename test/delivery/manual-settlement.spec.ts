import { describe, expect, it } from '@jest/globals';
import type { DeliveryContext } from '../../lib/delivery/index.js';
import { type AckPolicy, type Lane, outgoing } from '../../lib/driver/index.js';
import { isMultiBrokerError, type MultiBrokerError } from '../../lib/errors/index.js';
import { open, Rig, type RigOptions } from '../support/delivery-rig.js';
import { FakeMessage, messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const once = { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 };

/** Settles within the first call, as `act` does; returns the rig after a second. */
async function settle(
  act: (context: DeliveryContext) => void,
  again: Lane['redelivery'] = 'in-place',
  options: RigOptions = {},
): Promise<Rig> {
  const rig = new Rig({
    ...options,
    lane: { redelivery: again },
    handle: (body, context) => {
      if (rig.calls.length === 1) act(context);
      return options.handle?.(body, context);
    },
  });
  void rig.take(...messages('a'));
  await turns();
  return rig;
}

function codeOf(act: () => void): string {
  try {
    act();
    return 'nothing thrown';
  } catch (thrown) {
    return isMultiBrokerError(thrown) ? thrown.code : 'another error';
  }
}

const policies: AckPolicy[] = ['nack-on-error', 'reject-on-error', 'manual'];

describe.each(policies)('under %s', (ack) => {
  it('ack() acks at once, and nothing follows', async () => {
    const during: string[] = [];
    const rig = new Rig({
      binding: { ack },
      handle: (_body, context) => {
        context.ack();
        during.push(...rig.lane.fates);
        return undefined;
      },
    });
    void rig.take(...messages('a'));
    await turns();
    expect([during, rig.lane.fates]).toEqual([['a ack'], ['a ack']]);
  });

  it('reject() drops and counts', async () => {
    const rig = await settle((context) => context.reject('bad'), 'in-place', { binding: { ack } });
    expect([rig.lane.fates, rig.counts.rejected]).toEqual([['a reject'], 1]);
    expect(rig.log.lines.join()).toContain('bad');
  });

  it('nack() gives back to a server after a second, or when it is told', async () => {
    const rig = await settle((context) => context.nack(), 'server', { binding: { ack } });
    expect(rig.lane.fates).toEqual(['a 1000']);
    const later = await settle((context) => context.nack({ delayMs: 7 }), 'server', { binding: { ack } });
    expect(later.lane.fates).toEqual(['a 7']);
  });

  it('nack() calls again in place where delivery holds', async () => {
    const rig = await settle((context) => context.nack({ delayMs: 500 }), 'in-place', { binding: { ack } });
    void rig.take(...messages('b'));
    rig.clock.advance(499);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
    rig.clock.advance(1);
    await turns();
    expect(rig.calls).toEqual(['a', 'a', 'b']);
    expect(rig.lane.fates).toEqual(ack === 'manual' ? [] : ['a ack', 'b ack']);
  });

  it('nack() where nothing comes again is a rejection', async () => {
    const rig = await settle((context) => context.nack(), 'none', { binding: { ack } });
    expect([rig.lane.fates, rig.counts.rejected]).toEqual([['a reject'], 1]);
  });

  it.each(['server', 'in-place', 'none'] as const)(
    'nack() refuses a delay that is no finite number from 0, and settles nothing (%s)',
    async (again) => {
      for (const delayMs of [NaN, -1, -0.001, Infinity, -Infinity, '500', null, {}, 5n] as unknown as number[]) {
        const codes: string[] = [];
        const rig = await settle((context) => codes.push(codeOf(() => context.nack({ delayMs }))), again, {
          binding: { ack: 'manual' },
        });
        expect([codes, rig.lane.fates, rig.calls]).toEqual([['MULTI_BROKER_OPTION_INVALID'], [], ['a']]);
      }
    },
  );

  it('the refusal of a delay names call, handler and remedy, and shows no text that may be a payload', async () => {
    const told: MultiBrokerError[] = [];
    const nack = (context: DeliveryContext, delayMs: unknown): void => {
      try {
        context.nack({ delayMs: delayMs as number });
      } catch (thrown) {
        told.push(thrown as MultiBrokerError);
      }
    };
    await settle((context) => {
      nack(context, NaN);
      nack(context, 'secret');
    });
    expect(told[0]).toMatchObject({ broker: 'in', handler: 'Orders.on' });
    expect(told[0]?.message).toMatch(/^context\.nack\(\): delayMs must be .* not NaN: leave it out for a second/);
    expect(told[1]?.message).toContain('not a string: ');
  });

  it.each(['server', 'in-place', 'none'] as const)('settling twice throws (%s)', async (again) => {
    for (const first of ['ack', 'nack', 'reject'] as const) {
      for (const second of ['ack', 'nack', 'reject'] as const) {
        const codes: string[] = [];
        await settle(
          (context) => {
            context[first]();
            codes.push(codeOf(() => context[second]()));
          },
          again,
          { binding: { ack } },
        );
        expect([first, second, ...codes]).toEqual([first, second, 'MULTI_BROKER_SETTLEMENT']);
      }
    }
  });

  it('a failure after ack() is logged and changes nothing', async () => {
    const rig = await settle((context) => context.ack(), 'in-place', {
      binding: { ack },
      handle: () => {
        throw new Error('too late');
      },
    });
    rig.clock.advance(60_000);
    await turns();
    expect([rig.calls, rig.lane.fates, rig.counts.failed]).toEqual([['a'], ['a ack'], 1]);
    expect(rig.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  it('a failure after nack() does not call earlier than the nack said', async () => {
    let calls = 0;
    const rig = await settle((context) => context.nack({ delayMs: 5_000 }), 'in-place', {
      binding: { ack },
      handle: () => {
        if (calls++ === 0) throw new Error('too late');
        return undefined;
      },
    });
    rig.clock.advance(4_999);
    await turns();
    expect(rig.calls).toEqual(['a']);
    rig.clock.advance(1);
    await turns();
    expect(rig.calls).toEqual(['a', 'a']);
  });
});

describe('under ack-first', () => {
  it.each(['ack', 'nack', 'reject'] as const)('%s() throws: it is settled', async (how) => {
    const codes: string[] = [];
    const rig = await settle((context) => codes.push(codeOf(() => context[how]())), 'in-place', {
      binding: { ack: 'ack-first' },
    });
    expect([codes, rig.lane.fates]).toEqual([['MULTI_BROKER_SETTLEMENT'], ['a ack']]);
  });
});

describe('manual', () => {
  it('may be settled long after the handler ended', async () => {
    const rig = await settle(() => {}, 'in-place', { binding: { ack: 'manual' } });
    expect(rig.lane.fates).toEqual([]);
    rig.contexts[0]?.ack();
    expect(rig.lane.fates).toEqual(['a ack']);
    expect(codeOf(() => rig.contexts[0]?.ack())).toBe('MULTI_BROKER_SETTLEMENT');
  });

  it('a late nack holds the lane and calls again', async () => {
    const rig = await settle(() => {}, 'in-place', { binding: { ack: 'manual' } });
    rig.contexts[0]?.nack({ delayMs: 10 });
    void rig.take(...messages('b'));
    await turns();
    expect(rig.calls).toEqual(['a']);
    rig.clock.advance(10);
    await turns();
    expect(rig.calls).toEqual(['a', 'a', 'b']);
  });

  it('a late nack waits for the handler that runs', async () => {
    const running = open();
    const rig = new Rig({
      binding: { ack: 'manual' },
      handle: async (body) => {
        if (body === 'b') await running.promise;
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    rig.contexts[0]?.nack({ delayMs: 10 });
    rig.clock.advance(10);
    await turns();
    expect(rig.calls).toEqual(['a', 'b']);
    running.resolve();
    await turns();
    expect(rig.calls).toEqual(['a', 'b', 'a']);
  });

  it('while a nacked message waits, it is settled', async () => {
    const rig = await settle((context) => context.nack({ delayMs: 10 }), 'in-place', { binding: { ack: 'manual' } });
    expect(codeOf(() => rig.contexts[0]?.ack())).toBe('MULTI_BROKER_SETTLEMENT');
  });

  it('a failed message can still be settled', async () => {
    const rig = await settle(() => {}, 'in-place', {
      binding: { ack: 'manual', retry: once },
      handle: () => {
        throw new Error('no');
      },
    });
    rig.contexts[0]?.reject();
    expect(rig.lane.fates).toEqual(['a reject']);
  });

  it('settled between two calls in place is not called again', async () => {
    const rig = await settle(() => {}, 'in-place', {
      binding: { ack: 'manual' },
      handle: () => {
        throw new Error('no');
      },
    });
    rig.contexts[0]?.ack();
    rig.clock.advance(60_000);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a ack']]);
  });
});

it('the context of an earlier attempt settles nothing', async () => {
  const rig = new Rig({
    binding: { ack: 'manual' },
    handle: () => {
      if (rig.calls.length === 1) throw new Error('no');
      return undefined;
    },
  });
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(100);
  await turns();
  expect(rig.calls).toEqual(['a', 'a']);
  expect(codeOf(() => rig.contexts[0]?.ack())).toBe('MULTI_BROKER_SETTLEMENT');
  expect(rig.lane.fates).toEqual([]);
  rig.contexts[1]?.ack();
  expect(rig.lane.fates).toEqual(['a ack']);
});

it('what a handler returns after ack() is published all the same', async () => {
  const rig = await settle((context) => context.ack(), 'in-place', {
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: () => outgoing('b'),
  });
  await eventually(() => rig.drivers.out.written.length === 1);
  expect([rig.drivers.out.written, rig.lane.fates]).toEqual([['b'], ['a ack']]);
});

it('a nacked message is retried in place as often as at first', async () => {
  const rig = await settle(() => {}, 'in-place', {
    handle: (_body, context) => {
      if (context.message.attempt === 1) context.nack({ delayMs: 1 });
      else throw new Error('no');
      return undefined;
    },
  });
  for (const ms of [1, 100, 200, 800]) {
    rig.clock.advance(ms);
    await turns();
  }
  expect(rig.contexts.map(({ message }) => message.attempt)).toEqual([1, 2, 3, 4]);
});

it('a position, not an object, names a message in errors', async () => {
  const rig = new Rig({
    handle: (_body, context) => {
      context.reject('because');
      return undefined;
    },
  });
  void rig.take(new FakeMessage({ position: 'in[0]@7' }));
  await turns();
  expect(rig.log.lines).toEqual([
    expect.stringContaining("Orders.on on in[0] of broker 'in' (in[0]@7): dropped, because"),
  ]);
});

describe.each(['nack', 'reject'] as const)('what a handler returns after %s()', (how) => {
  const binding = { routes: [{ broker: 'out', destination: 'q' }] };

  it.each(['server', 'in-place', 'none'] as const)('is not published (%s)', async (again) => {
    const rig = new Rig({
      binding,
      lane: { redelivery: again },
      handle: (_body, context) => {
        context[how]();
        return outgoing('half ack');
      },
    });
    void rig.take(...messages('a'));
    await turns();
    expect([rig.calls, rig.drivers.out.written]).toEqual([['a'], []]);
    expect(rig.counts.handled).toBe(1);
  });

  it('is not published as several items, nor as a sequence, which is left', async () => {
    const left: string[] = [];
    async function* sequence(context: DeliveryContext) {
      try {
        yield outgoing('before');
        context[how]();
        yield outgoing('after');
        left.push('gone on');
      } finally {
        left.push('left');
      }
    }
    const rig = new Rig({
      binding,
      lane: { redelivery: 'server' },
      handle: (body, context) => {
        if (body === 'sequence') return sequence(context);
        context[how]();
        return [outgoing('1'), outgoing('2')];
      },
    });
    void rig.take(...messages('several', 'sequence'));
    await turns();
    expect([rig.drivers.out.written, left]).toEqual([['before'], ['left']]);
    expect(rig.lane.fates).toEqual(
      how === 'nack' ? ['several 1000', 'sequence 1000'] : ['several reject', 'sequence reject'],
    );
  });
});

describe('a failure whose message a filter has settled', () => {
  const failing = (act: (context: DeliveryContext) => void) =>
    settle((context) => {
      context.failed(new Error('failed'));
      act(context);
      throw new Error('no stock');
    }, 'in-place');

  it.each(['ack', 'nack', 'reject'] as const)(
    'by %s() is no error in the log, and nothing is called for it',
    async (how) => {
      const rig = await failing((context) => context[how]());
      expect(rig.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
      expect(rig.log.lines).toContainEqual(expect.stringMatching(/^warn Orders\.on .*its filter settled it: no stock/));
      expect([rig.counts.failed, rig.calls]).toEqual([1, ['a']]);
    },
  );
});
