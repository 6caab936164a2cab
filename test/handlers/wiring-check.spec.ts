import { describe, expect, it } from '@jest/globals';
import type { BrokerDefinition, RetryOptions } from '../../lib/driver/index.js';
import { MultiBrokerError } from '../../lib/errors/index.js';
import { checkWiring, type HandlerDeclaration } from '../../lib/handlers/index.js';
import { declaration } from '../support/declaration.js';
import { fakeBroker, queue, toQueue } from '../support/fake-kind.js';

function check(
  declarations: HandlerDeclaration[],
  definitions: BrokerDefinition[] = [fakeBroker({ name: 'orders' }), fakeBroker({ name: 'events' })],
  allowLateBrokers = false,
) {
  const brokers = new Map(definitions.map((definition) => [definition.name, definition]));
  return checkWiring(declarations, brokers, { allowLateBrokers });
}

const told = (problems: readonly MultiBrokerError[]) =>
  problems.map(({ code, message, handler, broker }) => ({ code, message, handler, broker }));

const otherKind = { kind: 'other' };

describe('a handler', () => {
  it('is bound to the broker that it names', () => {
    const { bindings, problems } = check([declaration(), declaration({ broker: 'events', source: queue('q', 'g') })]);
    expect(problems).toEqual([]);
    expect(bindings.map(({ broker, source }) => [broker, source.address])).toEqual([
      ['orders', 'created'],
      ['events', 'q'],
    ]);
  });

  it('is bound by a definition object as by its name', () => {
    expect(check([declaration({ broker: fakeBroker({ name: 'events' }) })]).bindings[0]!.broker).toBe('events');
  });

  it('of an unknown broker is a problem that names class, method, broker and the nearest known name', () => {
    const { bindings, problems } = check([declaration({ broker: 'oders' })]);
    expect(bindings).toEqual([]);
    expect(told(problems)).toEqual([
      {
        code: 'MULTI_BROKER_UNKNOWN_BROKER',
        message: expect.stringMatching(/^Orders\.onCreated, broker 'oders': @Subscribe .*did you mean 'orders'\?/),
        handler: 'Orders.onCreated',
        broker: 'oders',
      },
    ]);
  });

  it('lists the known brokers where none is near', () => {
    expect(check([declaration({ broker: 'zzz' })]).problems[0]!.message).toContain('known: orders, events');
  });

  it('of an unknown broker waits where late brokers are allowed', () => {
    const late = declaration({ broker: 'late' });
    const bridge = declaration({ publishTo: [{ broker: 'late', destination: 'x', options: {} }] });
    const { bindings, waiting, problems } = check([late, bridge, declaration()], undefined, true);
    expect({ bindings: bindings.length, waiting, problems }).toEqual({
      bindings: 1,
      waiting: [late, bridge],
      problems: [],
    });
  });

  it('with a source of another kind is a problem', () => {
    const { problems } = check([declaration({ source: otherKind })]);
    expect(told(problems)).toEqual([
      expect.objectContaining({ code: 'MULTI_BROKER_WRONG_KIND', handler: 'Orders.onCreated', broker: 'orders' }),
    ]);
  });

  it('tells what to do once, although the problem is told anew', () => {
    const [problem] = check([declaration({ source: otherKind })]).problems;
    expect(problem!.message.match(/Use the source or destination/g)).toHaveLength(1);
  });

  it('bound to a definition of another kind than the broker of that name is a problem', () => {
    const definition = { ...fakeBroker({ name: 'orders' }), kind: 'other' };
    expect(check([declaration({ broker: definition })]).problems.map(({ code }) => code)).toEqual([
      'MULTI_BROKER_WRONG_KIND',
    ]);
  });

  it('that reads in a group what another handler reads in it is a problem that names both', () => {
    const one = declaration({ source: queue('q', 'g') });
    const other = declaration({ handler: 'Orders.again', source: queue('q', 'g') });
    const { problems } = check([one, other, declaration({ broker: 'events', source: queue('q', 'g') })]);
    expect(told(problems)).toEqual([
      {
        code: 'MULTI_BROKER_SOURCE_CLASH',
        message: expect.stringMatching(
          /^Orders\.again, broker 'orders': queue q is already read by Orders\.onCreated: both read/,
        ),
        handler: 'Orders.again',
        broker: 'orders',
      },
    ]);
  });

  it('waits for no broker of a publisher that may lose its results', () => {
    const late = [{ broker: 'late', destination: 'x', options: { bestEffort: true } }];
    const { bindings, waiting, problems } = check([declaration({ publishTo: late })], undefined, true);
    expect([bindings.length, waiting, problems]).toEqual([1, [], []]);
    expect(check([declaration({ publishTo: late })]).problems).toMatchObject([{ code: 'MULTI_BROKER_UNKNOWN_BROKER' }]);
  });

  it('that waits for a broker to publish to clashes with those that read already', () => {
    const one = declaration({ source: queue('q', 'g') });
    const late = [{ broker: 'late', destination: 'x', options: {} }];
    const other = declaration({ handler: 'Orders.again', source: queue('q', 'g'), publishTo: late });
    expect(check([one, other], undefined, true).problems.map(({ code }) => code)).toEqual([
      'MULTI_BROKER_SOURCE_CLASH',
    ]);
  });

  it('brings along what the explorer found', () => {
    const found = new MultiBrokerError('MULTI_BROKER_PARAMETER', 'x');
    expect(check([declaration({ problems: [found] })]).problems).toEqual([found]);
  });
});

describe('a publisher', () => {
  const publishing = (broker: string, destination: string | { kind: string }, options = {}) =>
    declaration({ publishTo: [{ broker, destination, options }] });

  it('to an unknown broker is a problem', () => {
    const { problems, bindings } = check([publishing('event', 'x')]);
    expect(bindings).toEqual([]);
    expect(told(problems)).toEqual([
      {
        code: 'MULTI_BROKER_UNKNOWN_BROKER',
        message: expect.stringMatching(/^Orders\.onCreated, broker 'event': @PublishTo .*did you mean 'events'\?/),
        handler: 'Orders.onCreated',
        broker: 'event',
      },
    ]);
  });

  it('to a destination of another kind is a problem', () => {
    expect(check([publishing('events', toQueue('q'))]).problems).toEqual([]);
    expect(told(check([publishing('events', otherKind)]).problems)).toEqual([
      expect.objectContaining({ code: 'MULTI_BROKER_WRONG_KIND', broker: 'events' }),
    ]);
  });

  it('with a dedupeId is refused where it has no effect', () => {
    expect(told(check([publishing('events', 'x', { dedupeId: 'x' })]).problems)).toEqual([
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_UNSUPPORTED',
        message: expect.stringMatching(/dedupeId has no effect on queue x/),
        broker: 'events',
      }),
    ]);
  });

  it.each([
    ['schema', { schema: {} }],
    ['when', { when: true }],
    ['dedupeId', { dedupeId: '' }],
  ])('with an invalid %s is a problem', (name, options) => {
    const [first] = told(check([publishing('events', 'x', options)]).problems);
    expect(first).toMatchObject({ code: 'MULTI_BROKER_OPTION_INVALID', message: expect.stringContaining(name) });
  });
});

describe('options', () => {
  const retries: RetryOptions[] = [
    { attempts: 0 },
    { attempts: 1.5 },
    { attempts: NaN },
    { delayMs: -1 },
    { delayMs: Infinity },
    { maxDelayMs: -1 },
    { factor: 0.5 },
    { jitter: 2 },
    { jitter: -0.1 },
    { retryIf: 'always' as never },
  ];
  it.each(retries)('the nonsense retry %j is a problem that names it', (retry) => {
    expect(told(check([declaration({ options: { retry } })]).problems)).toEqual([
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_INVALID',
        message: expect.stringContaining(`retry.${Object.keys(retry)[0]!}`),
      }),
    ]);
  });

  it.each([
    ['ack', { ack: 'never' as never }],
    ['codec', { codec: {} as never }],
    ['schema', { schema: {} as never }],
    ['filter', { filter: true as never }],
    ['maxProcessingMs', { maxProcessingMs: 0 }],
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: null as never }],
    ['concurrency.requests', { concurrency: { requests: 0.5 } }],
    ['concurrency.perLane', { concurrency: { perLane: 0 } }],
    ['concurrency.total', { concurrency: { total: -1 } }],
    ['concurrency.orderBy', { concurrency: { perLane: 2, orderBy: 'header' as never } }],
  ])('a nonsense %s is a problem that names it', (name, options) => {
    expect(told(check([declaration({ options })]).problems)).toEqual([
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_INVALID',
        message: expect.stringContaining(`the option ${name} must be`),
      }),
    ]);
  });

  it('that a definition calls wrong are told with the broker', () => {
    const { problems } = check([], [fakeBroker({ name: 'orders', wrong: ['url is missing'] })]);
    expect(told(problems)).toEqual([
      expect.objectContaining({
        code: 'MULTI_BROKER_OPTION_INVALID',
        message: expect.stringContaining(`Broker 'orders': url is missing`),
        broker: 'orders',
      }),
    ]);
  });

  it('of a handler win over those of the broker, which win over the defaults; retry field by field', () => {
    const broker = fakeBroker({
      name: 'orders',
      ack: 'manual',
      retry: { attempts: 5, delayMs: 7 },
      maxProcessingMs: 9,
    });
    const options = { ack: 'ack-first', retry: { attempts: 1, factor: undefined } } as const;
    const { bindings } = check([declaration(), declaration({ options: options })], [broker]);
    const retry = { attempts: 5, delayMs: 7, factor: 2, maxDelayMs: 30_000, jitter: 0 };
    expect(bindings[0]).toMatchObject({ ack: 'manual', retry, maxProcessingMs: 9 });
    expect(bindings[1]).toMatchObject({ ack: 'ack-first', retry: { ...retry, attempts: 1 }, maxProcessingMs: 9 });
  });

  it('have the documented defaults', () => {
    const [binding] = check([declaration()]).bindings;
    expect(binding!.ack).toBe('nack-on-error');
    expect(binding!.retry).toEqual({ attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 });
    expect(binding!.maxProcessingMs).toBeUndefined();
  });
});

it('all problems of all handlers, publishers and brokers are told at once', () => {
  const { problems } = check(
    [
      declaration({ broker: 'oders', publishTo: [{ broker: 'evnts', destination: 'x', options: { dedupeId: '' } }] }),
      declaration({
        source: otherKind,
        options: { retry: { attempts: 0 }, deadLetter: { broker: 'x', destination: '{source}.y' } },
      }),
    ],
    [fakeBroker({ name: 'orders', wrong: ['a', 'b'] }), fakeBroker({ name: 'events' })],
  );
  expect(problems).toHaveLength(2 + 3 + 3);
});
