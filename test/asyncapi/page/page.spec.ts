import { type CanActivate, type ExecutionContext, Injectable, Logger, UnauthorizedException } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { closeShopApps, shopApp, type ShopOptions, state, traffic } from './shop-app.js';

afterEach(closeShopApps);

const HEADERS = { 'content-type': 'application/json', 'x-multi-broker-page': '1', connection: 'close' };

const get = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { headers: { connection: 'close', ...headers }, redirect: 'manual' });
const post = (url: string, body: unknown, headers: Record<string, string> = HEADERS) =>
  fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });

const everybody: ShopOptions = { admin: { guard: () => true } };
const adapters = [['express'], ['fastify']] as const;

/** The id of the place of dead letters with this name. */
async function placeOf(url: string, label: string): Promise<string> {
  const { letters } = (await (await get(`${url}/asyncapi/settings`)).json()) as {
    letters: { id: string; label: string }[];
  };
  return letters.find((one) => one.label === label)!.id;
}

/** Reads states of the live view until one is as wanted. */
async function stateThat<T>(url: string, found: (text: string) => T | undefined): Promise<T> {
  const response = await get(`${url}/asyncapi/live`);
  const reader = response.body!.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The live view has ended: ${text}`);
    text += Buffer.from(value).toString();
    const result = found(text);
    if (result === undefined) continue;
    await reader.cancel();
    return result;
  }
}

describe.each(adapters)('on %s the page', (adapter) => {
  it('is served with its files, its documents and a policy that allows nothing from elsewhere', async () => {
    const { url } = await shopApp({ adapter });
    const page = await get(`${url}/asyncapi`);
    const html = await page.text();
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(html).toContain('<title>Shop &amp; Co</title>');
    for (const [, file] of html.matchAll(/(?:href|src)="(asyncapi[^"]*)"/g)) {
      expect([file, (await get(`${url}/${file!}`)).status]).toEqual([file, 200]);
    }
    expect(await (await get(`${url}/asyncapi.json`)).json()).toMatchObject({ info: { title: 'Shop & Co' } });
    expect((await get(`${url}/asyncapi.yaml`)).headers.get('content-type')).toBe('application/yaml; charset=utf-8');
  });

  it('tells who is stuck and why, live', async () => {
    const { url, brokers } = await shopApp({ adapter });
    await traffic(brokers);
    const told = await stateThat(url, (text) => /"title":"Payments\.book is stuck","why":\[.*?"\]/.exec(text)?.[0]);
    expect(told).toContain('The account service does not answer');
  });

  it('has no events for who asks for the headers only', async () => {
    const { url } = await shopApp({ adapter });
    const answer = await fetch(`${url}/asyncapi/live`, { method: 'HEAD', headers: { connection: 'close' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(answer.headers.has('transfer-encoding')).toBe(false);
  });

  it('lets the application close while browsers look', async () => {
    const { app, url } = await shopApp({ adapter });
    const live = await fetch(`${url}/asyncapi/live`);
    const ended = live.text();
    await app.close();
    expect(await ended).toContain('event: state');
  });

  it('redrives for an administrator', async () => {
    const { url, brokers } = await shopApp({ adapter, ...everybody });
    await traffic(brokers);
    const place = await placeOf(url, 'refunds.dlq');
    await eventually(() => expect(brokers.get('west').health().counts.deadLettered).toBe(1));
    state.accountsAreDown = false;
    const answer = await post(`${url}/asyncapi/redrive`, { place });
    expect([answer.status, await answer.json()]).toEqual([200, { read: 1, redriven: 1, left: 0, failed: 0 }]);
    expect(state.refunded).toContainEqual(expect.objectContaining({ id: 'r1' }));
  });

  it('begins with the global prefix where that is wanted', async () => {
    const { url } = await shopApp({ adapter, globalPrefix: 'api', useGlobalPrefix: true });
    expect((await get(`${url}/api/asyncapi`)).status).toBe(200);
    expect((await get(`${url}/asyncapi`)).status).toBe(404);
  });
});

describe('without an administrator the page', () => {
  it.each(['letters', 'redrive', 'publish'])('refuses POST %s', async (route) => {
    const { url } = await shopApp();
    const answer = await post(`${url}/asyncapi/${route}`, { place: '0' });
    expect([403, 404]).toContain(answer.status);
  });

  it('shows headers and errors of dead letters, and no payload', async () => {
    const { url, brokers } = await shopApp();
    await traffic(brokers);
    const place = await placeOf(url, 'refunds.dlq');
    await eventually(() => expect(brokers.get('west').health().counts.deadLettered).toBe(1));
    const letters = await (await get(`${url}/asyncapi/letters?place=${encodeURIComponent(place)}`)).text();
    expect(JSON.parse(letters)).toMatchObject({
      letters: [{ handler: 'Payments.refund', error: { message: 'No <b>account</b> for r1' }, attempts: 1 }],
    });
    expect(letters).not.toContain('card 4111');
  });

  it('reads no place that is not its own', async () => {
    const { url } = await shopApp();
    expect((await get(`${url}/asyncapi/letters?place=payments`)).status).toBe(404);
  });
});

@Injectable()
class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-role'] === undefined) throw new UnauthorizedException('the password is 42');
    return headers['x-role'] === 'admin';
  }
}

describe('the guard of administrators', () => {
  it.each<[string, NonNullable<ShopOptions['admin']>['guard'], number]>([
    ['says no', () => false, 403],
    ['says no later', async () => false, 403],
    [
      'throws',
      () => {
        throw new Error('the password is 42');
      },
      403,
    ],
    ['says neither yes nor no', (() => 'yes') as never, 403],
    ['is a class that throws 401', HeaderGuard, 401],
  ])('refuses when it %s, and nothing of it is told', async (_, guard, status) => {
    const { url } = await shopApp({ admin: { guard } });
    const answer = await post(`${url}/asyncapi/redrive`, { place: '0' });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ error: 'The guard of the application refuses this' });
  });

  it('may be a guard class of Nest, which is asked with the request', async () => {
    const { url, brokers } = await shopApp({ admin: { guard: HeaderGuard } });
    await traffic(brokers);
    const place = await placeOf(url, 'refunds.dlq');
    const as = (role: string) => post(`${url}/asyncapi/letters`, { place }, { ...HEADERS, 'x-role': role });
    expect((await as('guest')).status).toBe(403);
    await eventually(async () => expect(await (await as('admin')).text()).toContain('card 4111'));
  });

  it.each<[string, Record<string, string>]>([
    ['without the header of the page', { 'content-type': 'application/json' }],
    ['from another site, as the browser says', { ...HEADERS, 'sec-fetch-site': 'cross-site' }],
    ['from another origin', { ...HEADERS, origin: 'https://evil.example' }],
  ])('is not even asked for a request %s', async (_, headers) => {
    let asked = false;
    const { url } = await shopApp({ admin: { guard: () => (asked = true) } });
    expect((await post(`${url}/asyncapi/redrive`, { place: '0' }, headers)).status).toBe(403);
    expect(asked).toBe(false);
  });
});

describe('the guard of the page', () => {
  it('that does not answer within 10 s refuses', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
    try {
      const { url } = await shopApp({ guard: () => new Promise(() => undefined) });
      expect((await get(`${url}/asyncapi/graph.svg`)).status).toBe(503);
      expect(timeout).toHaveBeenCalledWith(10_000);
    } finally {
      timeout.mockRestore();
    }
  });

  it('that does not answer keeps no application from closing', async () => {
    let asked = false;
    const { app, url } = await shopApp({
      guard: () => {
        asked = true;
        return new Promise(() => undefined);
      },
    });
    const answer = get(`${url}/asyncapi/graph.svg`);
    await eventually(() => expect(asked).toBe(true));
    await app.close();
    expect((await answer).status).toBe(503);
  });

  it('stands before every route', async () => {
    const { url } = await shopApp({ guard: () => false, ...everybody });
    for (const path of ['', '.json', '.yaml', '/live', '/graph.svg', '/settings', '/page.js', '/letters?place=0']) {
      expect([path, (await get(`${url}/asyncapi${path}`)).status]).toEqual([path, 403]);
    }
  });
});

it('what goes wrong within is logged, and not told to everybody', async () => {
  const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
  try {
    const { url, brokers } = await shopApp();
    const told = new Error('cannot reach nats://shop:s3cret@events');
    jest.spyOn(brokers, 'topology').mockImplementation(() => {
      throw told;
    });
    const answer = await get(`${url}/asyncapi/graph.svg`);
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error: 'The application could not answer; its log says why' },
    ]);
    expect(logged.mock.calls.flat().join('\n')).toContain('cannot reach nats://***@events');
  } finally {
    logged.mockRestore();
  }
});

describe('publish', () => {
  it('is off unless it is asked for', async () => {
    const { url } = await shopApp(everybody);
    expect((await post(`${url}/asyncapi/publish`, { broker: 'east', address: 'orders', payload: {} })).status).toBe(
      404,
    );
  });

  it('publishes to a channel of the application, and to no other', async () => {
    const { url } = await shopApp({ ...everybody, publish: true });
    state.accountsAreDown = false;
    const answer = await post(`${url}/asyncapi/publish`, {
      broker: 'east',
      address: 'payments',
      payload: { id: 'p9' },
    });
    expect(answer.status).toBe(200);
    await eventually(() => expect(state.booked).toContainEqual({ id: 'p9' }));
    const other = await post(`${url}/asyncapi/publish`, { broker: 'east', address: 'secrets', payload: {} });
    expect(other.status).toBe(404);
  });

  it('to what a result goes to is confirmed as the result is, by the stream', async () => {
    const { url } = await shopApp({ ...everybody, publish: true });
    const message = { broker: 'events', address: 'orders.confirmed', payload: {} };
    const answer = await post(`${url}/asyncapi/publish`, message);
    expect([answer.status, await answer.json()]).toEqual([200, { position: expect.any(String) }]);
  });

  it('is off in production unless that is asked for by name', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      const one = await shopApp({ ...everybody, publish: true });
      expect((await post(`${one.url}/asyncapi/publish`, { broker: 'east' })).status).toBe(404);
      const other = await shopApp({ ...everybody, publish: 'in-production' });
      const payload = { broker: 'east', address: 'payments', payload: {} };
      expect((await post(`${other.url}/asyncapi/publish`, payload)).status).toBe(200);
    } finally {
      // An assignment of undefined would be the text 'undefined'.
      if (before === undefined) delete process.env['NODE_ENV'];
      else process.env['NODE_ENV'] = before;
    }
  });
});

describe('an option of the page', () => {
  it.each<[string, object]>([
    ['misspelt, as it would leave the page open', { gaurd: () => false }],
    ['guard that is no function', { guard: true }],
    ['admin without a guard', { admin: {} }],
    ['publish without an administrator', { publish: true }],
    ['deadLetters that are no list', { deadLetters: { broker: 'west', source: 'dlq' } }],
    ['deadLetters without a source', { deadLetters: [{ broker: 'west' }] }],
    ['deadLetters without a broker', { deadLetters: ['dlq'] }],
    ['useGlobalPrefix that is neither true nor false', { useGlobalPrefix: 'api' }],
    ['path that is the root, which has no name for its files', { path: '/' }],
  ])('%s is refused', async (_, options) => {
    await expect(shopApp(options)).rejects.toMatchObject({ code: 'MULTI_BROKER_OPTION_INVALID' });
  });
});

it('a stopped application has no live view to come back to', async () => {
  const { url, brokers } = await shopApp();
  await brokers.stop();
  expect((await get(`${url}/asyncapi/live`)).status).toBe(503);
  await brokers.start();
  expect((await get(`${url}/asyncapi/live`)).status).toBe(200);
});
