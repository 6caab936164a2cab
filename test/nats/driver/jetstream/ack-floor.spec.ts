import { describe, expect, it } from '@jest/globals';

import { AckFloor } from '../../../../lib/nats/driver/jetstream/ack-floor.js';
import type { ConsumerFacts } from '../../../../lib/nats/driver/jetstream/consumer-config.js';

describe('where a deleted consumer goes on', () => {
  const facts = { created: 'first', streamCreated: 'once', ackFloor: 10 } as ConsumerFacts;
  const at = (created: string, seq: number) => ({ created, ack_floor: { stream_seq: seq } });

  it('is behind what all replicas had settled at the last look', () => {
    const floor = new AckFloor(facts);
    expect(floor.place()).toEqual({ streamCreated: 'once', nextSeq: 11 });
    floor.seen(at('first', 70));
    expect(floor.place()).toEqual({ streamCreated: 'once', nextSeq: 71 });
  });

  it('is at a message that is unsettled here, though the server has given it up', () => {
    const floor = new AckFloor(facts);
    expect(floor.place(7).nextSeq).toBe(7);
    expect(floor.place(12).nextSeq).toBe(11);
  });

  it('is not that of a consumer of which this replica does not know', () => {
    const floor = new AckFloor(facts);
    floor.seen(at('second', 900));
    expect(floor.place().nextSeq).toBe(11);
    floor.found({ ...facts, created: 'second', ackFloor: 5 });
    expect(floor.place().nextSeq).toBe(6);
    floor.seen(at('second', 900));
    expect(floor.place().nextSeq).toBe(901);
  });
});
