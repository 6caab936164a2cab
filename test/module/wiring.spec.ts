import { Controller, Injectable, Query } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MultiBrokerModule, PublishTo, Subscribe, WiringError } from '../../lib/index.js';
import { closeApps, compile } from '../support/app.js';
import { fakeBroker, FakeServer, queue } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});
afterEach(closeApps);

const broker = (name: string, options = {}) => fakeBroker({ name, server, ...options });

async function wiringError(metadata: Parameters<typeof compile>[0]): Promise<WiringError> {
  const app = await compile(metadata);
  const error: unknown = await app.init().then(
    () => new Error('it started'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WiringError);
  return error as WiringError;
}

it('all mistakes of an application are told in one error, before anything connects', async () => {
  @Injectable()
  class Bridge {
    @Subscribe('oders', 'x')
    @PublishTo('evnts', 'y')
    unknown() {}

    @Subscribe('orders', { kind: 'other' })
    kind() {}

    @Subscribe('orders', queue('q', 'g'))
    one() {}

    @Subscribe('orders', queue('q', 'g'), { retry: { attempts: 0 } })
    nonsense() {}

    @Subscribe('orders', queue('q', 'g'))
    two() {}

    @PublishTo('events', 'y')
    forgetful() {}
  }
  @Controller()
  class Api {
    @Subscribe('events', 'x', { batch: { maxSize: 0 } })
    http(@Query() _query: unknown) {}
  }
  const error = await wiringError({
    imports: [
      MultiBrokerModule.forRoot([broker('orders', { wrong: ['no url'] }), broker('events'), broker('events')]),
      MultiBrokerModule.forRoot([broker('second')], { default: 'x' }),
    ],
    providers: [Bridge],
    controllers: [Api],
  });
  expect(
    error.problems.map(({ code, handler, broker }) => [code, handler ?? '', broker ?? ''].join(' ')).sort(),
  ).toEqual([
    'MULTI_BROKER_DUPLICATE_BROKER  events',
    'MULTI_BROKER_OPTION_INVALID  orders',
    'MULTI_BROKER_OPTION_INVALID Api.http events',
    'MULTI_BROKER_OPTION_INVALID Bridge.nonsense orders',
    'MULTI_BROKER_PARAMETER Api.http ',
    'MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE Bridge.forgetful ',
    'MULTI_BROKER_SECOND_ROOT  ',
    'MULTI_BROKER_SOURCE_CLASH Bridge.two orders',
    'MULTI_BROKER_UNKNOWN_BROKER Bridge.unknown evnts',
    'MULTI_BROKER_UNKNOWN_BROKER Bridge.unknown oders',
    'MULTI_BROKER_WRONG_KIND Bridge.kind orders',
  ]);
  for (const problem of error.problems) expect(error.message).toContain(problem.message);
  expect(server.events).toEqual([]);
});

describe('a mistake', () => {
  const codes = async (...imports: ReturnType<typeof MultiBrokerModule.forRoot>[]) =>
    (await wiringError({ imports })).problems.map(({ code }) => code);

  it('is a second forRoot()', async () => {
    expect(await codes(MultiBrokerModule.forRoot([broker('a')]), MultiBrokerModule.forRoot([broker('b')]))).toEqual([
      'MULTI_BROKER_SECOND_ROOT',
    ]);
  });

  it('is a name that two brokers have, in one module or in two', async () => {
    expect(await codes(MultiBrokerModule.forRoot([broker('a'), broker('a')]))).toEqual([
      'MULTI_BROKER_DUPLICATE_BROKER',
    ]);
    expect(await codes(MultiBrokerModule.forRoot([broker('a')]), MultiBrokerModule.forFeature([broker('a')]))).toEqual([
      'MULTI_BROKER_DUPLICATE_BROKER',
    ]);
  });

  it('is a default broker that is not there', async () => {
    expect(await codes(MultiBrokerModule.forRoot([broker('a')], { default: 'b' }))).toEqual([
      'MULTI_BROKER_UNKNOWN_BROKER',
    ]);
  });

  it('is told before a publish connects anything on demand', async () => {
    const { MultiBroker } = await import('../../lib/index.js');
    const app = await compile({ imports: [MultiBrokerModule.forRoot([broker('a', { wrong: ['x'] })])] });
    await expect(app.get(MultiBroker).get('a').publish('q', 1)).rejects.toBeInstanceOf(WiringError);
    expect(server.events).toEqual([]);
  });
});

describe('another copy of the package in the process', () => {
  const registry = (globalThis as unknown as Record<symbol, Set<string>>)[Symbol.for('nestjs-multi-broker.copies')]!;
  afterEach(() => {
    registry.delete('/elsewhere/copies.js');
  });

  it('is a mistake that names both', async () => {
    registry.add('/elsewhere/copies.js');
    const { problems } = await wiringError({ imports: [MultiBrokerModule.forRoot([broker('a')])] });
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['MULTI_BROKER_DUPLICATE_COPY', expect.stringMatching(/lib\/errors\/errors\.\w+ and \/elsewhere\/copies\.js/)],
    ]);
  });

  it('is not what a test runner makes that evaluates the same file again', async () => {
    const { jest } = await import('@jest/globals');
    const before = registry.size;
    jest.resetModules();
    await import('../../lib/errors/errors.js');
    expect([registry.size, before]).toEqual([1, 1]);
  });
});
