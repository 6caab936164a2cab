import { describe, expect, it } from '@jest/globals';
import { markRejection } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { refused } from '../support/fake-driver.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const once = { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 };

async function asked(options: RigOptions, replyTo = 'inbox', prepare: (rig: Rig) => void = () => {}): Promise<Rig> {
  const rig = new Rig({
    lane: { redelivery: 'none', backpressure: false },
    ...options,
    binding: { retry: once, ...options.binding },
  });
  prepare(rig);
  void rig.take(new FakeMessage({ replyTo, headers: { 'correlation-id': 'c' } }));
  await turns();
  return rig;
}

const answers = (rig: Rig): unknown[] =>
  rig.drivers.in.writes.flatMap(({ to, batch }) =>
    batch.map(({ body, key, headers }) => ({
      to: to.address,
      body: body === null ? null : String(body),
      key,
      headers,
    })),
  );

const correlation = { 'correlation-id': 'c' };

describe('a request is answered', () => {
  it('with an empty message where its handler returns null, or nothing under reply: true', async () => {
    const empty = { to: 'inbox', body: null, key: undefined, headers: correlation };
    expect(answers(await asked({ handle: () => outgoing(null) }))).toEqual([empty]);
    expect(answers(await asked({ binding: { reply: true } }))).toEqual([empty]);
  });

  it('with what its handler returned, encoded by the broker it came by', async () => {
    const rig = await asked({ handle: () => outgoing({ x: 1 }, { key: 'k', headers: { h: '1' } }) });
    const headers = { ...correlation, 'content-type': 'application/json', h: '1' };
    expect(answers(rig)).toEqual([{ to: 'inbox', body: '{"x":1}', key: 'k', headers }]);
  });

  it('with the last of several items, once', async () => {
    expect(answers(await asked({ handle: () => [outgoing('1'), outgoing('2')] }))).toMatchObject([{ body: '2' }]);
    async function* two() {
      yield outgoing('1');
      yield outgoing('2');
    }
    expect(answers(await asked({ handle: () => two() }))).toMatchObject([{ body: '2' }]);
  });

  it('after every publisher confirmed', async () => {
    const binding = { routes: [{ broker: 'out', destination: 'q' }] };
    const rig = await asked({ handle: () => outgoing('x'), binding }, 'inbox', ({ drivers }) => {
      drivers.out.hold = true;
    });
    expect(answers(rig)).toEqual([]);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    expect(answers(rig)).toMatchObject([{ body: 'x' }]);
  });
});

describe('a request is answered with an error', () => {
  const failing = (): never => {
    throw new Error('no\r\nsuch order');
  };
  const error = { ...correlation, 'multi-broker-error': 'no such order' };

  it.each(['nack-on-error', 'reject-on-error', 'ack-first', 'manual'] as const)(
    'where its handler failed for good, under %s; the text is one line',
    async (ack) => {
      expect(answers(await asked({ handle: failing, binding: { ack } }))).toMatchObject([
        { body: null, headers: error },
      ]);
    },
  );

  it('only when no further call follows', async () => {
    const binding = { ack: 'reject-on-error', retry: { ...once, attempts: 2, delayMs: 5 } } as const;
    const rig = await asked({ handle: failing, binding });
    expect(answers(rig)).toEqual([]);
    rig.clock.advance(5);
    await turns();
    expect(answers(rig)).toMatchObject([{ headers: error }]);
  });

  it.each(['server', 'in-place'] as const)('not while it comes again (%s)', async (again) => {
    expect(answers(await asked({ handle: failing, lane: { redelivery: again } }))).toEqual([]);
  });

  it('where a guard refused it', async () => {
    const handle = (): never => {
      throw markRejection(new Error('Forbidden'));
    };
    const headers = { 'multi-broker-error': 'Forbidden' };
    expect(answers(await asked({ handle, lane: { redelivery: 'in-place' } }))).toMatchObject([{ headers }]);
  });

  it('where its handler rejected it', async () => {
    const handle = (_body: string, context: { reject(reason?: string): void }): undefined => {
      context.reject('not ours');
    };
    const headers = { 'multi-broker-error': expect.stringContaining('not ours') };
    expect(answers(await asked({ handle }))).toMatchObject([{ headers }]);
  });

  it('where the answer cannot be encoded', async () => {
    const rig = await asked({ handle: () => outgoing(Symbol('no JSON')) });
    expect(answers(rig)).toMatchObject([{ body: null, headers: { 'multi-broker-error': expect.any(String) } }]);
    expect(rig.lane.fates).toEqual(['body ack']);
  });

  it('where what was thrown has no text', async () => {
    const handle = (): never => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw { message: undefined, stack: '' };
    };
    expect(answers(await asked({ handle }))).toMatchObject([{ headers: { 'multi-broker-error': 'undefined' } }]);
  });
});

describe('nobody is answered', () => {
  const failing = (): never => {
    throw new Error('not mine');
  };

  async function askedTwice(handle: NonNullable<RigOptions['handle']>, options: RigOptions = {}): Promise<Rig> {
    const rig = await asked({ ...options, handle });
    void rig.take(new FakeMessage({ body: 'second', replyTo: 'inbox', params: { 0: 'x' } }));
    await turns();
    return rig;
  }

  it('by a handler that returns nothing', async () => {
    expect(answers(await asked({}))).toEqual([]);
  });

  it('by one with reply: false, whatever it returns or throws', async () => {
    const binding = { reply: false };
    expect(answers(await asked({ binding, handle: () => outgoing('x') }))).toEqual([]);
    expect(answers(await asked({ binding, handle: failing }))).toEqual([]);
  });

  it('with a failure, by a handler that returned nothing to a request before', async () => {
    expect(answers(await askedTwice((body) => (body === 'second' ? failing() : undefined)))).toEqual([]);
  });

  it('with a failure, by a handler of a wildcard that has answered nothing yet; once it has, it does', async () => {
    const rig = new Rig({
      lane: { redelivery: 'none', backpressure: false },
      binding: { retry: once },
      handle: failing,
    });
    void rig.take(new FakeMessage({ replyTo: 'inbox', params: { 0: 'x' } }));
    await turns();
    expect(answers(rig)).toEqual([]);
    const answering = await askedTwice((body) => (body === 'second' ? failing() : outgoing('x')));
    expect(answers(answering)).toMatchObject([{ body: 'x' }, { headers: { 'multi-broker-error': 'not mine' } }]);
  });

  it('unless reply: true says that failures of a wildcard are answered too', async () => {
    const rig = await askedTwice(failing, { binding: { reply: true } });
    expect(answers(rig)).toHaveLength(2);
  });
});

describe('an answer that cannot be sent', () => {
  it('as the server would not take it is an error reply at once, and counts as failed', async () => {
    const rig = await asked({ handle: () => outgoing('x') }, 'inbox', ({ drivers }) => {
      drivers.in.outcome = ({ body }) => (body === null ? { receipt: {} } : refused(false));
    });
    await turns();
    expect(answers(rig)).toMatchObject([{ body: 'x' }, { headers: { 'multi-broker-error': expect.any(String) } }]);
    expect([rig.counts.failed, rig.lane.fates]).toEqual([1, ['body ack']]);
  });

  it.each(['!bad address', 'inbox'])('does not fail the delivery (%s), and is told', async (replyTo) => {
    const rig = await asked({ handle: () => outgoing('x') }, replyTo, ({ drivers }) => {
      drivers.in.outcome = () => refused(true);
    });
    expect(rig.lane.fates).toEqual(['body ack']);
    expect(rig.log.lines.join()).toContain('The answer of Orders.on was not sent');
    expect(rig.clock.pending()).toEqual([]);
  });
});

it('a message that wants no answer gets none', async () => {
  const rig = new Rig({ handle: () => outgoing('x') });
  void rig.take(new FakeMessage({}));
  await turns();
  expect([rig.lane.fates, answers(rig)]).toEqual([['body ack'], []]);
});
