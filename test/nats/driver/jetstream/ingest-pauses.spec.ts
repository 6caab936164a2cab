import { describe, expect, it } from '@jest/globals';

import { IngestPauses } from '../../../../lib/nats/driver/jetstream/ingest/ingest-pauses.js';
import { VirtualClock } from '../../../../lib/twin/index.js';

function made() {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const refuse = (line: string): never => {
    throw new Error(line);
  };
  const log = { debug: (line: string) => void lines.push(line), info: refuse, warn: refuse, error: refuse };
  return { clock, lines, pauses: new IngestPauses('events', { clock, log }) };
}

describe('a stream whose server has too many batches', () => {
  it('gets none for 10 s, then some again; other streams get theirs', () => {
    const { clock, pauses } = made();
    pauses.begin('ORDERS');
    expect([pauses.has('ORDERS'), pauses.has('OTHERS')]).toEqual([true, false]);
    clock.advance(9_999);
    expect(pauses.has('ORDERS')).toBe(true);
    clock.advance(1);
    expect(pauses.has('ORDERS')).toBe(false);
  });

  it('is told once a pause, in debug', () => {
    const { clock, lines, pauses } = made();
    for (let batch = 0; batch < 5; batch++) pauses.begin('ORDERS');
    expect(lines).toEqual([expect.stringMatching(/^NATS 'events': .* stream ORDERS: .* for 10 s$/)]);
    clock.advance(10_000);
    pauses.begin('ORDERS');
    expect(lines.length).toBe(2);
  });
});
