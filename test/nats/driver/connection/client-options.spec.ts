import { describe, expect, it } from '@jest/globals';
import type { ConnectionOptions } from 'nats';

import { clientOptions } from '../../../../lib/nats/driver/connection/connect.js';

describe('the options that the client gets', () => {
  it('never end the reconnecting, neither by a count nor by a refused credential', () => {
    expect(clientOptions({ name: 'events', client: {} })).toMatchObject({
      reconnect: true,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      waitOnFirstConnect: false,
    });
  });

  it('never print the password', () => {
    expect(clientOptions({ name: 'events', client: { debug: true } }).debug).toBe(false);
  });

  it('find a dead host within seconds and a dead connection within a minute, unless told otherwise', () => {
    const { timeout, pingInterval, name } = clientOptions({ name: 'events', client: {} });
    expect(timeout).toBeLessThanOrEqual(5_000);
    expect(pingInterval! * 3).toBeLessThanOrEqual(60_000);
    expect(name).toBe('events');
    expect(clientOptions({ name: 'events', client: { timeout: 1, name: 'own' } })).toMatchObject({
      timeout: 1,
      name: 'own',
    });
  });

  it('ask for TLS where a URL does, which nats.js takes for one without', () => {
    const tls = (client: ConnectionOptions) => clientOptions({ name: 'events', client }).tls;
    expect(tls({ servers: ['nats://a', 'tls://b'] })).toEqual(expect.any(Object));
    expect(tls({ servers: 'tls://a', tls: { caFile: 'ca.pem' } })).toMatchObject({ caFile: 'ca.pem' });
    expect([tls({ servers: 'nats://a' }), tls({}), tls({ tls: null })]).toEqual([undefined, undefined, null]);
  });
});
