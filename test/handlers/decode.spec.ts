import { describe, expect, it } from '@jest/globals';
import { bytes, json } from '../../lib/codec/index.js';
import { bindingOf, type HandlerDeclaration } from '../../lib/handlers/index.js';
import { declaration } from '../support/declaration.js';
import { type ContextFields, TestContext } from '../support/delivery-context.js';
import { fakeBroker, type FakeOptions } from '../support/fake-kind.js';

function payloadOf(
  fields: ContextFields,
  options: HandlerDeclaration['options'] = {},
  broker: Partial<FakeOptions> = {},
): unknown {
  let seen: unknown;
  const call: HandlerDeclaration['call'] = ({ message }) => void (seen = message.payload);
  const binding = bindingOf(fakeBroker({ name: 'orders', ...broker }), declaration({ call, options }));
  void binding.handle(new TestContext(fields));
  return seen;
}

describe('a payload', () => {
  it.each([
    ['JSON by its content type', '{"a":1}', 'application/json', { a: 1 }],
    ['text by its content type', '{"a":1}', 'text/plain', '{"a":1}'],
    ['JSON without a content type, if it parses', '[1]', undefined, [1]],
    ['text without a content type otherwise', 'Hi!', undefined, 'Hi!'],
  ])('is read as %s', (_, body, contentType, payload) => {
    expect(payloadOf({ body, headers: contentType === undefined ? {} : { 'content-type': contentType } })).toEqual(
      payload,
    );
  });

  it('of JSON is parsed from the text of a driver that has one, without asking for a copy of its bytes', () => {
    let payload: unknown;
    const binding = bindingOf(
      fakeBroker({ name: 'orders' }),
      declaration({ call: ({ message }) => void (payload = message.payload) }),
    );
    let copies = 0;
    const context = new TestContext({ headers: { 'content-type': 'application/json' } });
    Object.defineProperties(context, {
      text: { value: '{"a":1}' },
      body: { get: () => (copies++, Buffer.from('{"a":1}')) },
    });
    void binding.handle(context);
    expect({ payload, copies }).toEqual({ payload: { a: 1 }, copies: 0 });
  });

  it('is read by a content type in whatever spelling the producer chose', () => {
    expect(payloadOf({ body: '1', headers: { 'Content-Type': 'text/plain' } })).toBe('1');
  });

  it('of no body is null, for every codec', () => {
    const codec = { ...json, decode: () => 'called' };
    expect(payloadOf({ body: null }, { codec })).toBeNull();
  });

  it('of an empty body is what the codec makes of it: a Protobuf message of defaults has no bytes', () => {
    const codec = { ...json, decode: (body: Uint8Array) => ({ read: body.length }) };
    expect(payloadOf({ body: '' }, { codec })).toEqual({ read: 0 });
    expect(payloadOf({ body: '' })).toBe('');
    expect(payloadOf({ body: '' }, { codec: bytes })).toHaveLength(0);
    expect(payloadOf({ body: '' }, { codec: json })).toBeNull();
  });

  it.each([
    ['by default without a content type null', {}, undefined, null],
    ['by default a text where it says so', { 'content-type': 'text/plain' }, undefined, ''],
    ['by default null where it is JSON', { 'Content-Type': 'application/json' }, undefined, null],
    ['by codec: json null', {}, json, null],
    ['by another codec what it decodes', {}, { encode: json.encode, decode: () => 'called' }, 'called'],
  ])('of an empty body that may be none is %s', (_, headers, codec, payload) => {
    expect(payloadOf({ body: '', headers, emptyMayBeNull: true }, codec && { codec })).toEqual(payload);
  });

  it("is read by the handler's codec before the broker's", () => {
    const body = Buffer.from('1');
    expect(payloadOf({ body }, { codec: bytes }, { codec: json })).toBe(body);
    expect(payloadOf({ body, headers: { 'content-type': 'text/plain' } }, {}, { codec: json })).toBe(1);
  });
});

describe('a body that cannot be decoded', () => {
  const broken = { body: '{"secret', headers: { 'content-type': 'application/json' } };

  it('fails for good, with the cause', () => {
    expect(() => payloadOf(broken)).toThrow(
      expect.objectContaining({
        code: 'MULTI_BROKER_UNDECODABLE',
        retryable: false,
        broker: 'orders',
        handler: 'Orders.onCreated',
        cause: expect.any(SyntaxError),
      }),
    );
  });

  it('does not appear in the message', () => {
    expect(() => payloadOf(broken)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});
