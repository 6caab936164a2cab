import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Subscribe } from '../../../lib/index.js';
import { natsBroker, stream } from '../../../lib/nats/index.js';
import { healthController, healthImports } from '../../health/support.js';
import { closeHttpApps, httpApp } from '../../support/http-app.js';
import { startNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { natsLibrary } from '../../support/nats-library.js';

@Injectable()
class Shipping {
  @Subscribe('events', stream('SHIPPED', { durable: 'shipping', subjects: ['shipped.>'] }))
  ship() {}
}

whenNative(describe, 'nats')('probes of an application whose server is killed', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await closeHttpApps();
    for (const stop of stops.splice(0)) await stop();
  }, 60_000);

  it('readiness fails while it is away and comes back with it, with its lag; liveness stays', async () => {
    const server = await startNatsServer({ jetstream: true });
    stops.push(() => server.stop());
    const { get } = await httpApp({
      definitions: [natsBroker({ name: 'events', library: natsLibrary, client: { servers: server.url } })],
      imports: healthImports,
      controllers: [healthController({ maxLag: 100 })],
      providers: [Shipping],
    });
    const ready = async () => {
      const { status, text } = await get('/ready');
      return { code: status, ...(JSON.parse(text) as object) };
    };
    const lag = { 'Shipping.ship@events/SHIPPED': 0 };
    expect(await ready()).toMatchObject({ code: 200, details: { brokers: { lag } } });

    await server.kill();
    await until(async () => (await ready()).code === 503, { what: 'it is not ready' });
    expect(await ready()).toMatchObject({ details: { brokers: { brokers: { events: { status: 'down' } }, lag: {} } } });
    expect((await get('/live')).status).toBe(200);

    await server.start();
    await until(async () => (await ready()).code === 200, { what: 'it is ready again', timeoutMs: 30_000 });
    expect((await get('/live')).status).toBe(200);
  }, 90_000);
});
