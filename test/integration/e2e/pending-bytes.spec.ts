import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'nats';
import { bytes, MultiBroker, Payload, Subscribe } from '../../../lib/index.js';
import { natsBroker, subject } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { startNatsServer, until, whenNative } from '../../support/real-brokers.js';
import { application } from './support.js';
import { natsLibrary } from '../../support/nats-library.js';

jest.setTimeout(60_000);

const megabyte = 1_000_000;

@Injectable()
class Hung {
  @Subscribe('events', subject('big.*', { pendingBytesLimit: 10 * megabyte }), { codec: bytes })
  async on(@Payload() _body: Uint8Array) {
    await new Promise(() => {});
  }
}

whenNative(describe, 'nats')('messages of 500 kB for a core handler that hangs', () => {
  afterEach(closeApps);

  it('hold no more memory than the limit of their subscription says; the others are dropped and counted', async () => {
    const server = await startNatsServer({ config: 'max_pending: 64MB' });
    const nc = await connect({ servers: server.url });
    const events = natsBroker({ name: 'events', library: natsLibrary, client: { servers: server.url } });
    const app = await application([events], [Hung], { shutdownTimeoutMs: 500 });
    await app.init();
    const counts = () => app.get(MultiBroker).get('events').health().counts;
    const body = Buffer.alloc(megabyte / 2);
    let sent = 0;
    while (sent < 200) {
      nc.publish('big.x', body);
      if (++sent % 20 === 0)
        await until(() => counts().dropped + counts().unsettled >= sent, { what: 'all have come' });
    }
    // One is at work; the buffers of the others are of up to twice their size.
    expect(counts().unsettled).toBeGreaterThanOrEqual(1 + 10);
    expect(counts().unsettled).toBeLessThanOrEqual(1 + 20);
    expect(counts().dropped + counts().unsettled).toBe(sent);
    await nc.close();
    await app.close().catch(() => undefined);
    await server.stop();
  });
});
