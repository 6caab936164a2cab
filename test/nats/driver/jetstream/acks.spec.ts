import { describe, expect, it, jest } from '@jest/globals';
import { VirtualClock } from '../../../../lib/twin/index.js';
import { type Ack, Acks } from '../../../../lib/nats/driver/jetstream/acks.js';
import type { Connection, ConnectionListener } from '../../../../lib/nats/driver/connection/connection.js';
import { turns } from '../../../support/turns.js';

/** As much of a connection as settlements need; what is written is kept. */
class FakeConnection {
  up = true;
  epoch = 0;
  readonly published: string[] = [];
  readonly wired: { text: string; messages: number }[] = [];
  private listener: ConnectionListener = {};

  readonly nc = {
    publish: (subject: string, payload: string) => void this.published.push(`${subject} ${payload}`),
  };

  readonly wire = {
    send: (bytes: Uint8Array, messages: number) =>
      void this.wired.push({ text: Buffer.from(bytes).toString(), messages }),
  };

  listen(listener: ConnectionListener): void {
    this.listener = listener;
  }

  pong(): Promise<void> {
    return Promise.resolve();
  }

  lose(): void {
    this.up = false;
    this.epoch++;
    this.listener.down?.();
  }

  restore(): void {
    this.up = true;
    this.listener.up?.();
  }
}

describe('settlements', () => {
  function make({ wired = true } = {}) {
    const connection = new FakeConnection();
    const clock = new VirtualClock(0);
    const acks = new Acks(connection as unknown as Connection, clock, wired ? connection.wire : undefined);
    const known: string[] = [];
    const ack = (subject: string, payload = '+ACK'): Ack => {
      return { subject, payload, known: () => void known.push(subject) };
    };
    return { connection, clock, acks, known, ack };
  }

  it('of one turn leave in one write, as nats.js would write each', async () => {
    const { connection, acks, ack } = make();
    acks.send(ack('$JS.ACK.S.d.1.1.1.1.0'));
    acks.send(ack('$JS.ACK.Ö.d.1.2.2.1.0', '-NAK {"delay":1500000000}'));
    await turns();
    const text = 'PUB $JS.ACK.S.d.1.1.1.1.0 4\r\n+ACK\r\nPUB $JS.ACK.Ö.d.1.2.2.1.0 25\r\n-NAK {"delay":1500000000}\r\n';
    expect(connection.wired).toEqual([{ text, messages: 2 }]);
    expect(connection.published).toEqual([]);
  });

  it('leave with what is to be published at the end of the turn, which is not while there is no connection', async () => {
    const { connection, acks, ack } = make({ wired: false });
    acks.send(ack('a'));
    acks.withNext(() => connection.nc.publish('pull', '{}'));
    expect(connection.published).toEqual([]);
    await turns();
    expect(connection.published).toEqual(['pull {}', 'a +ACK']);
    acks.withNext(() => connection.nc.publish('pull', '{}'));
    connection.lose();
    await turns();
    connection.restore();
    expect(connection.published).toEqual(['pull {}', 'a +ACK', 'a +ACK']);
  });

  it('are known at the next PONG: once many wait for it, without a wait', async () => {
    const { connection, acks, known, ack } = make();
    const pong = jest.spyOn(connection, 'pong');
    for (let number = 0; number < 1_999; number++) acks.send(ack(`${number}`));
    await turns();
    expect([pong.mock.calls.length, known.length]).toEqual([0, 0]);
    acks.send(ack('1999'));
    await turns();
    expect([pong.mock.calls.length, known.length]).toEqual([1, 2_000]);
    acks.send(ack('2000'));
    await turns();
    expect(pong.mock.calls.length).toBe(1);
  });

  it('are published one by one where the client lacks the wire', async () => {
    const { connection, acks, ack } = make({ wired: false });
    acks.send(ack('a'));
    acks.send(ack('b', '+TERM'));
    await turns();
    expect(connection.published).toEqual(['a +ACK', 'b +TERM']);
  });

  it.each([true, false])(
    'are sent again after a reconnect, in order, unless a PONG has confirmed them: wired %p',
    async (wired) => {
      const { connection, clock, acks, known, ack } = make({ wired });
      const written = (): string => [...connection.published, ...connection.wired.map(({ text }) => text)].join();
      acks.send(ack('first'));
      await turns();
      clock.advance(100);
      await turns();
      expect(known).toEqual(['first']);
      acks.send(ack('second'));
      await turns();
      connection.lose();
      acks.send(ack('third'));
      await turns();
      connection.published.length = connection.wired.length = 0;
      connection.restore();
      expect(written()).toMatch(/^(?!.*first).*second.*third/s);
      expect(known).toEqual(['first']);
      await acks.flush();
      expect(known).toEqual(['first', 'second', 'third']);
    },
  );
});
