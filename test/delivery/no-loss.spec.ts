import { expect, it } from '@jest/globals';
import type { AckPolicy, Lane } from '../../lib/driver/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

/** Numbers from 0 to 1, the same for one seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

interface World {
  readonly rig: Rig;
  /** Positions whose handler returned without failure. */
  readonly handled: Set<string>;
}

/** Handlers that throw, reject, wait, nack, ack and settle; targets that refuse. */
function world(random: () => number, again: Lane['redelivery'], ack: AckPolicy): World {
  const handled = new Set<string>();
  const rig: Rig = new Rig({
    lane: { redelivery: again },
    binding: { ack, routes: [{ broker: 'out', destination: 'q' }] },
    handle: async (_body, context) => {
      const dice = random();
      if (dice < 0.3) await turns(1);
      if (dice < 0.1) throw new Error('no');
      if (dice < 0.15) throw Object.assign(new Error('none'), { retryable: false });
      if (dice > 0.97) context.nack({ delayMs: 10 });
      handled.add(context.message.id);
      return dice > 0.5 ? [outgoing('1'), outgoing('2')] : undefined;
    },
  });
  rig.drivers.out.outcome = () => (random() < 0.9 ? confirmed : refused(random() < 0.7));
  return { rig, handled };
}

async function run({ rig }: World, count: number, random: () => number, steps: number): Promise<void> {
  let given = 0;
  for (let step = 0; step < steps; step++) {
    while (given < count && random() < 0.8) void rig.take(new FakeMessage({ position: String(given++) }));
    await turns(2);
    rig.clock.next();
  }
}

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

it.each(seeds)('whatever fails, a message is settled once, done, after it was handled (seed %i)', async (seed) => {
  const random = randomOf(seed);
  const made = world(random, 'in-place', 'nack-on-error');
  const { rig, handled } = made;
  await run(made, 60, random, 40);
  rig.drivers.out.outcome = () => confirmed;
  for (let step = 0; step < 3_000 && rig.lane.settled.length < 60; step++) {
    await turns(2);
    rig.clock.next();
  }
  expect(new Set(rig.lane.settled.map(({ position }) => position)).size).toBe(60);
  expect(rig.lane.settled.map(({ how }) => how)).toEqual(Array.from({ length: 60 }, () => 'ack'));
  expect(handled.size).toBe(60);
  expect([rig.counts.running, rig.sink.taken, rig.healthIssues.list()]).toEqual([0, 0, []]);
});

it.each(seeds)('wherever it is stopped, a message is settled done or left unsettled (seed %i)', async (seed) => {
  const random = randomOf(seed * 7_919);
  const again = seed % 2 === 0 ? 'in-place' : 'server';
  const ack = seed % 3 === 0 ? 'reject-on-error' : 'nack-on-error';
  const made = world(random, again, ack);
  const { rig, handled } = made;
  await run(made, 60, random, 10);
  rig.sink.stopCalling();
  if (seed % 4 === 0) rig.sink.abandon();
  const drained = rig.sink.drained();
  const end = { seen: false };
  void drained.then(() => (end.seen = true));
  for (let step = 0; step < 2_000 && !end.seen; step++) {
    await turns(2);
    rig.clock.next();
  }
  await drained;
  expect(rig.counts.running).toBe(0);
  for (const { position, how } of rig.lane.settled) {
    if (how === 'ack') expect([position, handled.has(position)]).toEqual([position, true]);
    else if (how === 'reject') expect(ack).toBe('reject-on-error');
    else expect(again).toBe('server');
  }
});
