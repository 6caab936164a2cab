import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { MultiBrokerHealthOptions } from '../../lib/health/index.js';
import { type BrokerDefinition, MultiBroker, Payload, Subscribe } from '../../lib/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { closeHttpApps, httpAppOnTwins } from '../support/http-app.js';
import { events, orders } from '../support/test-app.js';
import { healthController, healthImports } from './support.js';

afterEach(closeHttpApps);

@Injectable()
class Invoices {
  fails = false;

  @Subscribe('orders', 'accepted')
  write(@Payload() id: number) {
    if (this.fails) throw new Error('The database is down');
    return id;
  }

  @Subscribe('events', 'shipped')
  ship() {}
}

interface Health {
  readonly status: string;
  readonly details: { readonly brokers: Readonly<Record<string, unknown>> };
}

async function probed(options?: MultiBrokerHealthOptions, definitions: readonly BrokerDefinition[] = [orders, events]) {
  const controllers = [healthController(options)];
  const http = await httpAppOnTwins({ definitions, controllers, providers: [Invoices], imports: healthImports });
  const ready = async () => {
    const { status, text } = await http.get('/ready');
    return { code: status, ...(JSON.parse(text) as Health) };
  };
  return { ...http, ready };
}

describe('readiness', () => {
  it('fails while a broker is down, says which and why, and comes back with it; liveness is not touched', async () => {
    const { harness, ready, get } = await probed();
    expect(await ready()).toMatchObject({
      status: 'ok',
      details: { brokers: { status: 'up', brokers: { orders: { status: 'up' }, events: { status: 'up' } } } },
    });

    await harness.fault('events').dropConnection();
    const [answer, live] = [await get('/ready'), await get('/live')];
    expect([answer.status, live.status]).toEqual([503, 200]);
    expect(JSON.parse(answer.text)).toMatchObject({
      status: 'error',
      error: {
        brokers: {
          status: 'down',
          brokers: { orders: { status: 'up' }, events: { status: 'down', reasons: [expect.any(String)] } },
        },
      },
    });

    await harness.fault('events').restore();
    expect([(await get('/ready')).status, (await get('/live')).status]).toEqual([200, 200]);
  });

  it('asks only for the brokers that it names', async () => {
    const { harness, ready } = await probed({ brokers: ['orders'] });
    await harness.fault('events').dropConnection();
    expect(await ready()).toMatchObject({ status: 'ok' });
    expect(Object.keys((await ready()).details.brokers['brokers'] as object)).toEqual(['orders']);
    await harness.fault('orders').dropConnection();
    expect(await ready()).toMatchObject({ status: 'error' });
  });

  it.each([
    ['down', 'ok'],
    ['degraded', 'error'],
  ] as const)('with failOn: %s a broker that is degraded is %s', async (failOn, status) => {
    const { harness, app, ready } = await probed({ failOn });
    app.get(Invoices).fails = true;
    harness.expectFailures();
    await harness.publish('orders', 'accepted', 1);
    expect(await ready()).toMatchObject({
      status,
      details: {
        brokers: { brokers: { orders: { status: 'degraded', reasons: [expect.stringContaining('write')] } } },
      },
    });
  });
});

describe('a broker with critical: false that is down', () => {
  const optional = natsBroker({ name: 'events', client: {}, critical: false });

  it.each([
    ['is listed, and all brokers are up without it', undefined, 'ok'],
    ['fails a check for degraded ones', { failOn: 'degraded' }, 'error'],
    ['fails a check that names it', { brokers: ['events'] }, 'error'],
  ] as const)('%s', async (_what, options, status) => {
    const { harness, ready } = await probed(options, [orders, optional]);
    await harness.fault('events').dropConnection();
    expect(await ready()).toMatchObject({ status, details: { brokers: { brokers: { events: { status: 'down' } } } } });
  });
});

describe('maxLag', () => {
  const handle = 'Invoices.write@orders/accepted';

  it('fails while more messages wait for a handler, and says for which', async () => {
    const { harness, app, ready } = await probed({ maxLag: 2 });
    const handler = app.get(MultiBroker).handler(Invoices, 'write');
    handler.pause();
    for (const id of [1, 2, 3]) await harness.publish('orders', 'accepted', id);
    expect(await ready()).toMatchObject({ status: 'error', details: { brokers: { lag: { [handle]: 3 } } } });

    handler.resume();
    await harness.settled();
    await harness.clock.advance(5_000);
    expect(await ready()).toMatchObject({ status: 'ok', details: { brokers: { lag: { [handle]: 0 } } } });
  });

  it('asks nothing of a broker that is down', async () => {
    const { harness, ready } = await probed({ maxLag: 0 });
    await harness.fault('orders').dropConnection();
    expect((await ready()).details.brokers).toMatchObject({ status: 'down', lag: {} });
  });
});
