import { describe, expect, it } from '@jest/globals';
import type { Route } from '../../lib/delivery/index.js';
import { type Headers, outgoing, type Outgoing, type OutgoingMessage } from '../../lib/driver/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { FakeMessage, type MessageFields } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

/** What is published for a message. */
async function cross(
  fields: MessageFields,
  route: Partial<Route> = {},
  item: OutgoingMessage = outgoing('x'),
  options: RigOptions = {},
): Promise<Outgoing | undefined> {
  const rig = new Rig({
    ...options,
    handle: () => item,
    binding: { ...options.binding, routes: [{ broker: 'out', destination: 'q', ...route }], ack: 'reject-on-error' },
  });
  void rig.take(new FakeMessage({ position: 'in[0]@7', ...fields }));
  await turns();
  return rig.drivers.out.writes[0]?.batch[0];
}

const own = { 'correlation-id': 'in[0]@7', 'multi-broker-hops': '1', 'content-type': 'text/plain' };

describe('what crosses by itself', () => {
  it('a correlation id, the message id where there was none; hops; content type', async () => {
    expect((await cross({}))?.headers).toEqual(own);
    expect((await cross({ headers: { 'correlation-id': 'c' } }))?.headers).toEqual({ ...own, 'correlation-id': 'c' });
  });

  it('the trace context and baggage as they came', async () => {
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, tracestate: 'a=b', baggage: 'user=1' };
    expect((await cross({ headers: { ...trace, other: 'x' } }))?.headers).toEqual({ ...own, ...trace });
  });

  it('the content type of what was returned, not of what came', async () => {
    const came = { headers: { 'content-type': 'application/json' } };
    expect((await cross(came, {}, outgoing('x')))?.headers).toMatchObject({ 'content-type': 'text/plain' });
    expect((await cross(came, {}, outgoing({ x: 1 })))?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect((await cross(came, {}, outgoing(Buffer.from('x'))))?.headers).not.toHaveProperty('content-type');
  });

  it('neither key nor other headers', async () => {
    const sent = await cross({ key: 'k', headers: { a: '1' } });
    expect([sent?.key, sent?.headers]).toEqual([undefined, own]);
  });
});

describe('forward', () => {
  const headers: Headers = {
    a: '1',
    b: '2',
    'Nats-Msg-Id': 'n',
    'nats-expected-stream': 's',
    'multi-broker-error': 'e',
    'Multi-Broker-X': 'x',
    'content-type': 'application/json',
  };

  it('of headers lets all cross but those of one hop', async () => {
    const forward = { headers: true } as const;
    expect(
      (await cross({ headers }, { forward }, undefined, { binding: { serverHeaders: 'nats-' } }))?.headers,
    ).toEqual({ ...own, a: '1', b: '2' });
  });

  it('of headers lets those of another server than the source’s cross', async () => {
    const sent = await cross({ headers }, { forward: { headers: true } });
    const nats = { 'Nats-Msg-Id': 'n', 'nats-expected-stream': 's' };
    expect(sent?.headers).toEqual({ ...own, ...nats, a: '1', b: '2' });
  });

  it('of named headers lets these cross but those of one hop', async () => {
    const forward = { headers: ['b', 'Nats-Msg-Id', 'content-type', 'absent'] };
    expect(
      (await cross({ headers }, { forward }, undefined, { binding: { serverHeaders: 'nats-' } }))?.headers,
    ).toEqual({ ...own, b: '2' });
  });

  it('of the key lets the key cross', async () => {
    expect((await cross({ key: 'k' }, { forward: { key: true } }))?.key).toBe('k');
    expect((await cross({ key: 'k' }, { forward: { headers: true } }))?.key).toBeUndefined();
  });
});

describe('key and headers of a publisher', () => {
  it('may be values', async () => {
    const sent = await cross({}, { key: 'k', headers: { h: '1' } });
    expect([sent?.key, sent?.headers]).toEqual(['k', { ...own, h: '1' }]);
  });

  it('may be functions of result and context', async () => {
    const sent = await cross(
      { key: 'k' },
      {
        key: (result, { message }) => `${String(result)} of ${String(message.key)}`,
        headers: (_result, { message }) => ({ from: message.id }),
      },
    );
    expect([sent?.key, sent?.headers]).toEqual(['x of k', { ...own, from: 'in[0]@7' }]);
  });

  it('give way to the item’s own, and go before what is forwarded', async () => {
    const route = { key: 'route', headers: { a: 'route', b: 'route' }, forward: { key: true, headers: true } };
    const came = { key: 'came', headers: { a: 'came', b: 'came', c: 'came' } };
    const sent = await cross(came, route, outgoing('x', { key: 'item', headers: { a: 'item' } }));
    expect([sent?.key, sent?.headers]).toEqual(['item', { ...own, a: 'item', b: 'route', c: 'came' }]);
    expect((await cross(came, route))?.key).toBe('route');
  });

  it('that fail are a failure of the delivery', async () => {
    const key = (): never => {
      throw new Error('no key');
    };
    expect(await cross({}, { key })).toBeUndefined();
  });
});

describe('hops', () => {
  it('are counted on', async () => {
    expect((await cross({ headers: { 'multi-broker-hops': '4' } }))?.headers).toMatchObject({
      'multi-broker-hops': '5',
    });
  });

  it.each(['x', '-3', '', 'NaN'])('of %j count as none', async (written) => {
    const sent = await cross({ headers: { 'multi-broker-hops': written } });
    expect(sent?.headers).toMatchObject({ 'multi-broker-hops': '1' });
  });

  it('cannot be set back by a handler that passes its headers on', async () => {
    const headers = { 'multi-broker-hops': '4' };
    const sent = await cross({ headers }, { headers }, outgoing('x', { headers }));
    expect(sent?.headers).toMatchObject({ 'multi-broker-hops': '5' });
  });
});
