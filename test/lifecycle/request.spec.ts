import { describe, expect, it } from '@jest/globals';
import type { Incoming, Outgoing } from '../../lib/driver/index.js';
import { FakeMessage, type MessageFields } from '../support/fake-lane.js';
import { errorOf, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { turns } from '../support/turns.js';

interface Asked {
  readonly message: Outgoing;
  readonly signal: AbortSignal;
}

/** A broker whose requests are answered so. */
async function answering(answer: (asked: Asked) => Promise<Incoming>): Promise<LifecycleRig> {
  const rig = new LifecycleRig({
    brokers: ['events'],
    prepare: (driver) => {
      driver.request = (_to, message, signal) => answer({ message, signal });
    },
  });
  await rig.multi.start();
  return rig;
}

const reply = (fields: MessageFields) => answering(() => Promise.resolve(new FakeMessage(fields)));
const ask = (rig: LifecycleRig, options = {}) => rig.multi.get('events').request('q', { x: 1 }, options);

describe('request()', () => {
  it('sends an encoded message and resolves with the decoded answer', async () => {
    let sent: Outgoing | undefined;
    const rig = await answering(({ message }) => {
      sent = message;
      return Promise.resolve(new FakeMessage({ body: '{"y":2}', headers: { h: '1' }, key: 'k' }));
    });
    const answer = await ask(rig, { key: 'a', headers: { g: '1' } });
    expect(String(sent?.body)).toBe('{"x":1}');
    expect(sent).toMatchObject({ key: 'a', headers: { g: '1', 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ payload: { y: 2 }, headers: { h: '1' }, key: 'k', attempt: 1 });
    expect(rig.clock.pending()).toEqual([]);
  });

  it('reads the answer by its content type, in any spelling; one without a value is null, an empty one empty', async () => {
    expect((await ask(await reply({ body: '7', headers: { 'content-type': 'text/plain' } }))).payload).toBe('7');
    expect((await ask(await reply({ body: null }))).payload).toBeNull();
    expect((await ask(await reply({ body: '' }))).payload).toBe('');
    const spelt = { 'Content-Type': 'text/plain' };
    expect((await ask(await reply({ body: '7', headers: spelt }))).payload).toBe('7');
  });

  it('rejects with the text of an error reply', async () => {
    const error = await errorOf(ask(await reply({ body: null, headers: { 'multi-broker-error': 'no such order' } })));
    expect(error).toMatchObject({ code: 'MULTI_BROKER_REQUEST_FAILED', retryable: false, broker: 'events' });
    expect(error.message).toContain('queue q on broker');
    expect(error.message).toContain('no such order');
  });

  it('rejects an answer that cannot be read', async () => {
    const rig = await reply({ body: '{', headers: { 'content-type': 'application/json' } });
    expect(await stateOf(ask(rig))).toBe('MULTI_BROKER_UNDECODABLE');
  });

  it('rejects in 5 s, or when it is told, and aborts the driver’s signal', async () => {
    let signal: AbortSignal | undefined;
    const rig = await answering((asked) => {
      signal = asked.signal;
      return new Promise(() => {});
    });
    const asked = ask(rig);
    await rig.advance(4_999);
    expect([await stateOf(asked), signal?.aborted]).toEqual(['open', false]);
    await rig.advance(1);
    expect([await stateOf(asked), signal?.aborted]).toEqual(['MULTI_BROKER_REQUEST_TIMEOUT', true]);
    const hurried = ask(rig, { timeoutMs: 10 });
    await rig.advance(10);
    expect(await stateOf(hurried)).toBe('MULTI_BROKER_REQUEST_TIMEOUT');
    expect(rig.clock.pending()).toEqual([]);
  });

  it.each([NaN, -1, Infinity, '5', null])('refuses a timeoutMs of %s: nothing is sent', async (timeoutMs) => {
    const rig = await answering(() => Promise.reject(new Error('it was sent')));
    const error = await errorOf(ask(rig, { timeoutMs }));
    expect(error).toMatchObject({ code: 'MULTI_BROKER_OPTION_INVALID', broker: 'events' });
    expect(error.message).toContain('request(): timeoutMs');
  });

  it('rejects as its driver does, at once', async () => {
    const rig = await answering(() => Promise.reject(new Error('no responders')));
    expect(await stateOf(ask(rig))).toContain('no responders');
    expect(rig.clock.pending()).toEqual([]);
  });

  it('that is late changes nothing any more', async () => {
    let fail: (error: Error) => void = () => {};
    const rig = await answering(() => new Promise((_resolve, reject) => (fail = reject)));
    const asked = ask(rig);
    await rig.advance(5_000);
    fail(new Error('late'));
    await turns();
    expect(await stateOf(asked)).toBe('MULTI_BROKER_REQUEST_TIMEOUT');
  });

  it('is refused, with the reason, where the kind has none: nothing is sent', async () => {
    const rig = new LifecycleRig({ brokers: ['events'] });
    await rig.multi.start();
    const error = await errorOf(ask(rig));
    expect(error).toMatchObject({ code: 'MULTI_BROKER_REQUEST_UNSUPPORTED' });
    expect(error.message).toContain("kind 'fake', which has no request/reply");
    expect(rig.driver('events').written).toEqual([]);
  });

  it('connects its broker on demand', async () => {
    const rig = new LifecycleRig({
      brokers: ['events'],
      prepare: (driver) => {
        driver.request = () => Promise.resolve(new FakeMessage({ body: 'ok' }));
      },
    });
    expect((await ask(rig)).payload).toBe('ok');
  });
});
