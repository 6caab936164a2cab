import { describe, expect, it } from '@jest/globals';
import type { ConnectionOptions as NatsIoOptions } from '@nats-io/transport-node';
import type { ConnectionOptions } from 'nats';
import type { NatsClientOptions } from '../../../../lib/nats/index.js';

import { clientOptions } from '../../../../lib/nats/driver/connection/connect.js';

/** Compiles for a type without values alone. */
const expectNothing = (_none: undefined): void => undefined;

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

  it('fit from and to either client, by their types', () => {
    const ours: NatsClientOptions = {};
    const [ofNats, ofNatsIo]: [ConnectionOptions, NatsIoOptions] = [ours, ours];
    const back: NatsClientOptions[] = [ofNats, ofNatsIo];
    // No option of nats is missing.
    const missing: Exclude<keyof ConnectionOptions, keyof NatsClientOptions>[] = [];
    expect([back.length, missing.length]).toEqual([2, 0]);
    expectNothing(missing[0]);
  });
});

describe('functions that the client calls', () => {
  const later = (): never => Promise.reject(new Error('no vault')) as never;
  const of = (client: NatsClientOptions) => clientOptions({ name: 'events', client });
  const called = ({ authenticator }: NatsClientOptions): unknown =>
    [authenticator ?? []].flat().map((one) => one('nonce'));

  it('give what they gave, or nothing where there are none', () => {
    const credentials = { user: 'u', pass: 'p' };
    expect(called(of({ authenticator: () => credentials }))).toEqual([credentials]);
    expect(called(of({ authenticator: [() => credentials, () => undefined] }))).toEqual([credentials, undefined]);
    expect(of({ reconnectDelayHandler: () => 5 }).reconnectDelayHandler?.()).toBe(5);
    expect(of({})).not.toHaveProperty('authenticator');
    expect(of({})).not.toHaveProperty('reconnectDelayHandler');
  });

  it('throw for a promise of credentials, without which the client would connect as nobody', () => {
    const refused = expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID' });
    expect(() => called(of({ authenticator: later }))).toThrow(refused);
    expect(() => called(of({ authenticator: [() => undefined, later] }))).toThrow(refused);
    expect(() => called(of({ authenticator: () => 'token' as never }))).toThrow('not string');
  });

  it.each([later, () => Number.NaN, () => '5' as never, () => undefined as never])(
    'throw for a delay that is no number, with which the client would never dial again: %p',
    (reconnectDelayHandler) => {
      expect(() => of({ reconnectDelayHandler }).reconnectDelayHandler?.()).toThrow(
        expect.objectContaining({ code: 'MULTI_BROKER_OPTION_INVALID' }),
      );
    },
  );
});
