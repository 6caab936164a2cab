import { describe, expect, it } from '@jest/globals';
import type { Msg } from 'nats';
import type { ClientMessage } from '../../../../lib/nats/driver/connection/client-port.js';

import type { Ack, Acks } from '../../../../lib/nats/driver/jetstream/acks.js';
import { StreamLane } from '../../../../lib/nats/driver/jetstream/stream-lane.js';
import { deliveryInfo, StreamMessage } from '../../../../lib/nats/driver/jetstream/stream-message.js';
import { natsBroker, stream } from '../../../../lib/nats/index.js';
import { collect, oldMegabytes } from '../../../support/old-space.js';

describe('a lane of a JetStream consumer', () => {
  const source = natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd' }));
  const handle = (deliveries: number, seq: number, stored: number) =>
    `$JS.ACK.S.d.${deliveries}.${seq}.${deliveries}.${stored}.0`;
  const context = { broker: 'events', readParams: undefined, toJsMsg: (message: ClientMessage) => message };

  function make() {
    const sent: { subject: string; payload: string; known: () => void }[] = [];
    const acks = {
      send: (ack: Ack) =>
        void sent.push({
          subject: ack.subject,
          payload: ack.payload,
          known: () => ack.known(),
        }),
    } as unknown as Acks;
    const lane = new StreamLane(source as ConstructorParameters<typeof StreamLane>[0], 1_000, acks, 3);
    const add = (seq: number, stored: number) => {
      const message = new StreamMessage({} as Msg, deliveryInfo(handle(1, seq, stored))!, context);
      lane.add(message);
      return message;
    };
    return { lane, sent, add };
  }

  it('settles by the handle of the latest delivery', () => {
    const { lane, sent, add } = make();
    const message = add(7, 100);
    expect(lane.swallows(deliveryInfo(handle(2, 7, 100))!)).toBe(true);
    lane.settle(message, { redeliverInMs: 1_500 });
    expect(sent).toMatchObject([{ subject: handle(2, 7, 100), payload: '-NAK {"delay":1500000000}' }]);
  });

  it('gives back for no longer than the server can count', () => {
    const { lane, sent, add } = make();
    lane.settle(add(7, 100), { redeliverInMs: 1e300 });
    expect(sent).toMatchObject([{ payload: '-NAK {"delay":9000000000000000000}' }]);
  });

  it('takes what its handler left unsettled again, and settles it by the new delivery alone', () => {
    const { lane, sent, add } = make();
    const first = add(7, 100);
    lane.leftUnsettled(first);
    expect(lane.swallows(deliveryInfo(handle(2, 7, 100))!)).toBe(false);
    const second = add(7, 100);
    lane.settle(first, 'ack');
    expect(sent).toEqual([]);
    lane.settle(second, 'ack');
    expect([sent.length, lane.pending]).toEqual([1, 0]);
  });

  it('takes a message of the same sequence for another where it was stored at another time', () => {
    const { lane, add } = make();
    const old = add(7, 100);
    expect(lane.swallows(deliveryInfo(handle(1, 7, 200))!)).toBe(false);
    add(7, 200);
    lane.settle(old, 'ack');
    expect(lane.pending).toBe(1);
  });

  it('swallows copies of what is settled until the server knows, and no longer', () => {
    const { lane, sent, add } = make();
    lane.settle(add(7, 100), 'ack');
    const copy = deliveryInfo(handle(2, 7, 100))!;
    expect(lane.swallows(copy)).toBe(true);
    sent[0]!.known();
    expect(lane.swallows(copy)).toBe(false);
  });

  it('takes what was given back, however soon it comes again', () => {
    const { lane, add } = make();
    lane.settle(add(7, 100), { redeliverInMs: 0 });
    expect(lane.swallows(deliveryInfo(handle(2, 7, 100))!)).toBe(false);
  });

  it('counts what was given back until it comes again', () => {
    const { lane, add } = make();
    lane.settle(add(1, 100), { redeliverInMs: 60_000 });
    lane.settle(add(2, 100), 'ack');
    add(3, 100);
    expect(lane.pending).toBe(2);
    add(1, 100);
    expect(lane.pending).toBe(2);
    expect(lane.lowest).toBe(1);
  });

  it('is not done below what was given back: a successor of its consumer begins there', () => {
    const { lane, add } = make();
    lane.settle(add(4, 100), { redeliverInMs: 60_000 });
    add(7, 100);
    expect(lane.lowest).toBe(4);
    lane.nothingPends();
    expect(lane.lowest).toBe(7);
  });

  it('remembers no more given back than the server has: replicas may have done the others', () => {
    const { lane, add } = make();
    for (let seq = 1; seq <= 10; seq++) lane.settle(add(seq, 100), { redeliverInMs: 1_000 });
    expect([lane.pending, lane.lowest]).toEqual([3, 8]);
  });

  it('keeps nothing of what is settled, until a full collection either', () => {
    const { lane, sent, add } = make();
    const open: StreamMessage[] = [];
    const taken: number[] = [];
    for (let seq = 1; seq <= 200_000; seq++) {
      open.push(Object.assign(add(seq, 100 + seq), { held: [seq, seq, seq, seq, seq, seq, seq, seq] }));
      if (open.length >= 50) {
        for (const message of open.splice(0)) lane.settle(message, 'ack');
        for (const { known } of sent.splice(0)) known();
      }
      // From now on the lane is old itself; Maps took 73 to 91 MB for the others.
      if (seq === 1_000) collect();
      if (seq > 1_000 && seq % 5_000 === 0) taken.push(oldMegabytes());
    }
    expect(Math.max(...taken) - Math.min(...taken)).toBeLessThan(8);
  });
});
