import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { bytes, Payload, Subscribe } from '../../lib/index.js';
import { natsBroker, subject } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Slow {
  release: () => void = () => {};

  @Subscribe('events', subject('big', { pendingBytesLimit: 1_000 }), { codec: bytes })
  async on(@Payload() _body: Uint8Array) {
    await new Promise<void>((resolve) => (this.release = resolve));
  }
}

describe('messages that wait for a slow handler of a core subscription', () => {
  it('are dropped and counted beyond the limit of bytes of their subscription', async () => {
    const { broker, get, harness } = await testApp([Slow]);
    for (let sent = 0; sent < 5; sent++) await broker('events').publish('big', Buffer.alloc(400));
    await new Promise(setImmediate);
    expect(broker('events').health().counts).toMatchObject({ running: 1, dropped: 2 });
    for (let handled = 0; handled < 3; handled++) {
      get(Slow).release();
      await new Promise(setImmediate);
    }
    await harness.settled();
    expect(broker('events').health().counts).toMatchObject({ handled: 3, dropped: 2 });
  });
});

describe('pendingBytesLimit', () => {
  it.each([0, -1, NaN, '64'])('is refused where it is no number of bytes: %s', (pendingBytesLimit) => {
    const broker = natsBroker({ name: 'events', client: {}, pendingBytesLimit: pendingBytesLimit as number });
    expect(broker.problems()).toEqual([expect.stringContaining('pendingBytesLimit')]);
    const plain = natsBroker({ name: 'events', client: {} });
    const source = subject('a', { pendingBytesLimit: pendingBytesLimit as number });
    expect(() => plain.source(source)).toThrow(/pendingBytesLimit of subject a/);
  });

  it('of a subscription wins over that of its broker; without either it is 64 MiB, as for a plain string', () => {
    const broker = natsBroker({ name: 'events', client: {}, pendingBytesLimit: 5 });
    expect(broker.source('a')).toMatchObject({ pendingBytesLimit: 5 });
    expect(broker.source(subject('a', { pendingBytesLimit: Infinity }))).toMatchObject({ pendingBytesLimit: Infinity });
    expect(natsBroker({ name: 'events', client: {} }).source('a')).toMatchObject({ pendingBytesLimit: 67_108_864 });
  });
});
