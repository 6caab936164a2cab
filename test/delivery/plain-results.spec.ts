import { describe, expect, it, jest } from '@jest/globals';
import type { DeliveryContext, HandlerResult, ResultItem } from '../../lib/delivery/index.js';
import { bytes, json } from '../../lib/codec/index.js';
import { BytesMessage, JsonMessage, NO_HEADERS, outgoing, type Outgoing } from '../../lib/driver/index.js';
import { resultItems } from '../../lib/handlers/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { confirmed } from '../support/fake-driver.js';
import { FakeMessage, type MessageFields } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';

/** What a driver was asked to write for one message, whose handler returned the payload itself. */
async function written(payload: unknown, fields: MessageFields = {}, options: RigOptions = {}): Promise<Outgoing[]> {
  return ofRig(() => payload as HandlerResult, resultItems, fields, options);
}

/** The same by the general way: the handler gives an item. */
async function inGeneral(payload: unknown, fields: MessageFields = {}, options: RigOptions = {}): Promise<Outgoing[]> {
  return ofRig(() => outgoing(payload) as ResultItem, undefined, fields, options);
}

async function ofRig(
  handle: NonNullable<RigOptions['handle']>,
  items: typeof resultItems | undefined,
  fields: MessageFields,
  options: RigOptions,
): Promise<Outgoing[]> {
  const routes = [{ broker: 'out', destination: 'q dedupes' }];
  const rig = new Rig({ handle, ...options, binding: { routes, items, ...options.binding } });
  const all: Outgoing[] = [];
  rig.drivers.out.outcome = (message) => {
    all.push(message);
    return confirmed;
  };
  void rig.take(messageOf(fields));
  await eventually(() => rig.lane.settled.length === 1);
  expect(rig.lane.fates).toEqual(['body ack']);
  return all;
}

/** Without headers it has those that all messages without headers share. */
function messageOf(fields: MessageFields): FakeMessage {
  const message = new FakeMessage(fields);
  return fields.headers === undefined ? Object.assign(message, { headers: () => NO_HEADERS }) : message;
}

const parts = (all: readonly Outgoing[]): unknown[] =>
  all.map(({ body, key, headers, rawHeaders, dedupeId }) => [String(body), key, { ...headers }, rawHeaders, dedupeId]);

const traced = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', baggage: 'a=1' };

describe.each<[string, unknown]>([
  ['a plain object', { a: 1 }],
  ['bytes', Buffer.from([0, 1, 0xff])],
  ['an empty Uint8Array', new Uint8Array(0)],
])('%s that a handler returns: the same message as by outgoing()', (_what, payload) => {
  it.each<[string, MessageFields, RigOptions]>([
    ['of a message without headers', {}, {}],
    [
      'of a message with a correlation id and hops',
      { headers: { 'correlation-id': 'c', 'multi-broker-hops': '2' } },
      {},
    ],
    ['of a message with a trace context', { headers: traced }, {}],
    ['of a message that asks for an answer', { replyTo: 'inbox' }, {}],
    ['to a destination that drops no duplicates', {}, { binding: { routes: [{ broker: 'out', destination: 'q' }] } }],
    ['with a key', {}, { binding: { routes: [{ broker: 'out', destination: 'q dedupes', key: 'k' }] } }],
    ['with a dedupe id', {}, { binding: { routes: [{ broker: 'out', destination: 'q dedupes', dedupeId: 'd' }] } }],
    [
      'by a codec of its own',
      {},
      {
        binding: {
          routes: [
            {
              broker: 'out',
              destination: 'q',
              codec: { encode: async () => ({ body: Buffer.from('!') }), decode: (body) => body },
            },
          ],
        },
      },
    ],
  ])('%s', async (_case, fields, options) => {
    const short = await written(payload, fields, options);
    expect(short).toHaveLength(1);
    expect(parts(short)).toEqual(parts(await inGeneral(payload, fields, options)));
  });
});

describe('an object that a handler passes on as it came', () => {
  const passedOn = async (body: Buffer, change?: (payload: object) => void): Promise<[string, number]> => {
    const handle = (_body: string, context: DeliveryContext): HandlerResult => {
      const payload = json.decode(context.body!, undefined) as object;
      (context as unknown as { decoded(payload: unknown): void }).decoded(payload);
      change?.(payload);
      return payload as unknown as HandlerResult;
    };
    const whole = jest.spyOn(JsonMessage.prototype, 'whole');
    const routes = [{ broker: 'out', destination: 'q dedupes' }];
    const rig = new Rig({ handle, binding: { routes, items: resultItems } });
    const all: Outgoing[] = [];
    rig.drivers.out.outcome = (message) => {
      all.push(message);
      return confirmed;
    };
    void rig.take(Object.assign(messageOf({}), { body }));
    await eventually(() => rig.lane.settled.length === 1);
    const calls = whole.mock.calls.length;
    whole.mockRestore();
    return [Buffer.from(all[0]!.body!).toString('latin1'), calls];
  };
  const utf8 = (text: string): Buffer => Buffer.from(text);
  const latin1 = (text: string): string => utf8(text).toString('latin1');

  it('goes the short way where its JSON is the body, and is the same', async () => {
    for (const text of ['{"a":1}', '{"größe":"€"}']) expect(await passedOn(utf8(text))).toEqual([latin1(text), 1]);
  });

  it('keeps the body where JSON would lose digits or bytes, and is written anew where it would not', async () => {
    const long = '{"id":12345678901234567890}';
    expect(await passedOn(utf8(long))).toEqual([long, 0]);
    const broken = Buffer.concat([utf8('{"a":"'), Buffer.from([0xff]), utf8('"}')]);
    expect(await passedOn(broken)).toEqual([broken.toString('latin1'), 0]);
    expect(await passedOn(utf8('{ "a": 1 }'))).toEqual(['{"a":1}', 0]);
  });

  it('is written as the handler has changed it', async () => {
    const change = (payload: object): unknown => Object.assign(payload, { b: 2 });
    expect(await passedOn(utf8('{"a":1}'), change)).toEqual(['{"a":1,"b":2}', 0]);
  });
});

describe('bytes that a handler returns', () => {
  const routes = [{ broker: 'out', destination: 'q dedupes', codec: bytes }];
  const sent = async (headers: Record<string, string>, same: boolean): Promise<Outgoing> => {
    const handle = (body: string, context: DeliveryContext): HandlerResult => {
      const payload = same ? context.body : Buffer.from(body);
      return payload as unknown as HandlerResult;
    };
    const [message] = await ofRig(handle, resultItems, { headers }, { binding: { routes } });
    return message!;
  };

  it('go the short way, as one message of parts', async () => {
    const whole = jest.spyOn(BytesMessage.prototype, 'whole');
    await sent({ 'correlation-id': 'c' }, true);
    expect(whole).toHaveBeenCalledTimes(1);
    whole.mockRestore();
  });

  it('keep the content type of their message where they are its own, and have none otherwise', async () => {
    const came = { 'content-type': 'image/png' };
    expect((await sent(came, true)).headers).toMatchObject(came);
    expect((await sent(came, false)).headers).not.toHaveProperty('content-type');
    expect((await sent({ 'content-type': 'a\nb' }, true)).headers).not.toHaveProperty('content-type');
  });

  it('are an object to the codec json; an object is nothing to the codec bytes', async () => {
    const [asJson] = await written(Buffer.from('x'), {}, { binding: { routes: [{ ...routes[0]!, codec: json }] } });
    expect(String(asJson?.body)).toBe('{"type":"Buffer","data":[120]}');
    const handle = (): HandlerResult => ({ a: 1 }) as unknown as HandlerResult;
    const rig = new Rig({ handle, binding: { routes, items: resultItems } });
    void rig.take(messageOf({}));
    await eventually(() => rig.log.lines.length > 0);
    expect([rig.drivers.out.written, rig.lane.fates]).toEqual([[], []]);
  });
});

describe('a plain object that a handler returns', () => {
  const routes = [{ broker: 'out', destination: 'q' }];

  it('fails as every other result does: without a JSON form, and to a broker that does not exist', async () => {
    const big = { big: 1n };
    const lines = async (items: typeof resultItems | undefined, payload: object, broker: string): Promise<string[]> => {
      const handle = (): HandlerResult => (items === undefined ? outgoing(payload) : payload) as HandlerResult;
      const rig = new Rig({ handle, binding: { routes: [{ broker, destination: 'q' }], items } });
      void rig.take(messageOf({}));
      await eventually(() => rig.log.lines.length > 0);
      expect([rig.drivers.out.written, rig.lane.fates]).toEqual([[], []]);
      return rig.log.lines;
    };
    expect(await lines(resultItems, big, 'out')).toEqual(await lines(undefined, big, 'out'));
    expect(await lines(resultItems, { a: 1 }, 'nowhere')).toEqual(await lines(undefined, { a: 1 }, 'nowhere'));
  });

  it('does not overtake what a codec is still at work on', async () => {
    let finish = (): void => {};
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const rig = new Rig({
      handle: (body) => ({ body }) as unknown as HandlerResult,
      binding: { routes, items: resultItems },
    });
    const { encodings } = rig.host.outlet('out')!;
    void encodings.inOrder(rig.binding.routes[0]!, slow);
    void rig.take(messageOf({}));
    await eventually(() => rig.contexts.length === 1);
    expect(rig.drivers.out.written).toEqual([]);
    finish();
    await eventually(() => rig.lane.settled.length === 1);
    expect(rig.drivers.out.written).toEqual(['{"body":"body"}']);
  });

  it('is not published once its handler has rejected the message', async () => {
    const handle = (_body: string, context: DeliveryContext): HandlerResult => {
      context.reject();
      return { a: 1 } as unknown as HandlerResult;
    };
    const rig = new Rig({ handle, binding: { routes, items: resultItems } });
    void rig.take(messageOf({}));
    await eventually(() => rig.lane.settled.length === 1);
    expect([rig.drivers.out.written, rig.lane.fates]).toEqual([[], ['body reject']]);
  });
});
