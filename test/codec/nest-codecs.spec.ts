import { describe, expect, it } from '@jest/globals';
import { nestKafka, nestPacket, type RequestMessage } from '../../lib/codec/index.js';

const body = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const written = ({ body: bytes }: { body: Uint8Array | null }): unknown =>
  bytes === null ? null : JSON.parse(Buffer.from(bytes).toString());
const read = (value: unknown, contentType?: string) => nestKafka.decode(body(value), contentType);

describe('nestPacket', () => {
  const replies = nestPacket.replies!;
  const request: RequestMessage = {
    body: body({ pattern: 'p', data: 1, id: 'i' }),
    headers: {},
    replyTo: '_INBOX.1',
  };

  it.each([[{ id: 7 }], ['text'], [7], [null], [{ data: 1 }]])('packs %j, and unpacks it', async (payload) => {
    const { body: packed } = await Promise.resolve(nestPacket.encode(payload));
    expect(nestPacket.decode(packed!, 'application/json')).toEqual(payload);
  });

  it.each([
    [{ pattern: 'p', data: { id: 7 } }, { id: 7 }],
    [{ pattern: 'p' }, null],
    [{ id: 7 }, { id: 7 }],
    [7, 7],
  ])('reads %j as Nest does: what is no packet is the data', (sent, seen) => {
    expect(nestPacket.decode(body(sent), undefined)).toEqual(seen);
  });

  it('asks by a packet with an id, another one each time', () => {
    const [one, other] = [replies.request('x', 'p'), replies.request('x', 'p')].map(written) as { id: string }[];
    expect(one).toEqual({ pattern: 'p', data: 'x', id: expect.any(String) });
    expect(one!.id).not.toBe(other!.id);
  });

  it('answers with the id of the request, and to its reply subject', () => {
    expect(replies.replyTo(request)).toEqual({ to: '_INBOX.1' });
    expect(written(replies.answer({ a: 1 }, request))).toEqual({ response: { a: 1 }, isDisposed: true, id: 'i' });
    expect(written(replies.answer(undefined, request))).toEqual({ isDisposed: true, id: 'i' });
    expect(replies.replyTo({ ...request, replyTo: undefined })).toBeUndefined();
    expect(written(replies.answer(1, { body: null, headers: {} }))).toEqual({ response: 1, isDisposed: true });
  });

  it('tells a failure by its text, never by its stack, and what an RpcException holds as it is', () => {
    const failure = (error: Error) => written(replies.failure(error, request));
    const told = { status: 'error', message: 'no' };
    expect(failure(new Error('no'))).toEqual({ err: told, isDisposed: true, id: 'i' });
    const rpc = Object.assign(new Error('x'), { getError: () => ({ code: 404 }) });
    expect(failure(new Error('refused', { cause: rpc }))).toMatchObject({ err: { code: 404 } });
    expect(failure(Object.assign(new Error('x'), { getError: () => 'no' }))).toMatchObject({ err: told });
  });

  it.each([
    [{ response: 7, isDisposed: true, id: 'i' }, { payload: 7 }],
    [{ isDisposed: true, id: 'i' }, { payload: null }],
    [{ err: { message: 'no' }, isDisposed: true }, { failure: 'no' }],
    [{ err: 'no', id: 'i', status: 'error' }, { failure: 'no' }],
    [{ err: { code: 404 } }, { failure: '{"code":404}' }],
    [{ response: 7, of: 'mine' }, { payload: { response: 7, of: 'mine' } }],
    [[1], { payload: [1] }],
  ])('reads the answer %j', (answer, told) => {
    expect(replies.read({ body: body(answer), headers: {} })).toEqual(told);
  });
});

describe('nestKafka', () => {
  const replies = nestKafka.replies!;
  const headers = { kafka_correlationId: 'c', kafka_replyTopic: 't.reply', kafka_replyPartition: '2' };

  it.each([
    [{ id: 7 }, { id: 7 }],
    [[1], [1]],
    ['7', '7'],
    ['text', 'text'],
    ['{ no JSON', '{ no JSON'],
  ])('reads %j as Nest does', (sent, seen) => {
    expect(read(sent)).toEqual(seen);
  });

  it('reads what says its content type by that, and leaves the bytes of a schema registry alone', () => {
    expect(read('7', 'application/json')).toBe(7);
    const registered = Buffer.from([0, 0, 0, 0, 7, 1]);
    expect(nestKafka.decode(registered, undefined)).toBe(registered);
  });

  it.each([
    [headers, { to: 't.reply', partition: 2 }],
    [{ ...headers, kafka_replyPartition: 'x' }, { to: 't.reply' }],
    [{ kafka_correlationId: 'c', kafka_replyTopic: 't.reply' }, { to: 't.reply' }],
    [{ kafka_correlationId: 'c' }, undefined],
    [{ kafka_replyTopic: 't.reply' }, undefined],
    [{}, undefined],
  ])('a message with the headers %j is answered to %j', (given, to) => {
    expect(replies.replyTo({ body: null, headers: given })).toEqual(to);
  });

  it('answers with the correlation id, a failure by its header', () => {
    const asked = { body: null, headers };
    expect(replies.answer({ a: 1 }, asked)).toMatchObject({
      body: body({ a: 1 }),
      headers: { kafka_correlationId: 'c', 'kafka_nest-is-disposed': '1' },
    });
    const failed = replies.failure(new Error('no'), asked);
    expect(failed.headers).toMatchObject({ 'kafka_nest-err': '{"status":"error","message":"no"}' });
    expect(replies.read({ body: null, headers: failed.headers! })).toEqual({ failure: 'no' });
    expect(replies.read({ body: body('7'), headers: {} })).toEqual({ payload: '7' });
  });
});
