import { expect, it } from '@jest/globals';
import type { BatchResult } from '../../../lib/delivery/index.js';
import { seeded } from '../../../lib/twin/index.js';
import { batchRig } from '../../support/batch-rig.js';
import { messages } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

const COUNT = 60;

/** A handler that throws, names failures or succeeds, at random; half of the failures go away with a further call. */
function unsteady(seed: number) {
  const random = seeded(seed);
  const bad = new Set(Array.from({ length: COUNT }, (_, index) => index).filter(() => random(10) < 1));
  return (bodies: readonly string[]): BatchResult => {
    const failing = bodies.flatMap((body, place) => (bad.has(Number(body)) ? [place] : []));
    for (const place of failing) if (random(10) < 2) bad.delete(Number(bodies[place]));
    if (failing.length > 0 && random(10) < 5) throw new Error('one of them');
    return { ofEach: [], failures: new Map(failing.map((place) => [place, new Error('this one')])) };
  };
}

it.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
  'whatever fails, each message is settled once, or is open where its lane is lost (seed %d)',
  async (seed) => {
    const random = seeded(seed);
    const call = unsteady(seed);
    const text = (body: Uint8Array | null): string => String(Buffer.from(body ?? []));
    const handle = async (contexts: readonly { readonly body: Uint8Array | null }[]): Promise<BatchResult> => {
      if (random(10) < 5) await turns(1);
      return call(contexts.map(({ body }) => text(body)));
    };
    const { rig } = batchRig({
      batch: { maxSize: 1 + random(20), maxWaitMs: random(10) < 5 ? 0 : 100, handle },
      lane: { redelivery: 'server' },
      binding: { ack: random(10) < 5 ? 'reject-on-error' : 'nack-on-error' },
    });
    const loses = random(10) < 3;
    for (let at = 0; at < COUNT; at += 5) {
      void rig.take(...messages(...Array.from({ length: 5 }, (_, index) => String(at + index))));
      if (random(10) < 5) await turns(2);
      if (loses && at === COUNT / 2) rig.lane.lose();
    }
    for (let step = 0; step < 300 && rig.sink.taken > 0; step++) {
      if (rig.clock.nextAt() < Infinity) rig.clock.next();
      await turns(3);
    }
    const settled = rig.lane.settled.map(({ position }) => Number(position));
    expect(new Set(settled).size).toBe(settled.length);
    expect([rig.sink.taken, rig.counts.running]).toEqual([0, 0]);
    if (!loses) expect(settled.sort((one, other) => one - other)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
  },
);
