import { expect, it } from '@jest/globals';
import { Rig } from '../../support/delivery-rig.js';
import { FakeMessage } from '../../support/fake-lane.js';
import { sideBySide } from '../../support/side-by-side.js';
import { turns } from '../../support/turns.js';

const TOOK_MS = 16;
const KEYS = 200;

/** How long so many messages take by the clock of the brokers, and how each key was handled. */
async function timeOf(count: number, perLane: number): Promise<{ tookMs: number; byKey: Map<string, number[]> }> {
  const byKey = new Map<string, number[]>();
  const rig: Rig = new Rig({
    binding: perLane === 1 ? {} : { sideBySide: sideBySide(perLane) },
    handle: async (body, { message }) => {
      await new Promise<void>((resolve) => void rig.clock.after(TOOK_MS, resolve));
      byKey.set(message.key ?? '', [...(byKey.get(message.key ?? '') ?? []), Number(body)]);
      return undefined;
    },
  });
  const since = rig.clock.now();
  const messages = Array.from({ length: count }, (_, index) => {
    return new FakeMessage({ body: String(index), key: `k${index % KEYS}` });
  });
  void rig.take(...messages);
  while (rig.lane.settled.length < count) {
    await turns(3);
    rig.clock.next();
  }
  return { tookMs: rig.clock.now() - since, byKey };
}

it('16 handlers of 16 ms at once on one lane with 200 keys do 16 times as many messages, each key in its order', async () => {
  const [one, sixteen] = [await timeOf(400, 1), await timeOf(400, 16)];
  expect(one.tookMs / sixteen.tookMs).toBeGreaterThanOrEqual(14);
  expect(sixteen.byKey.size).toBe(KEYS);
  for (const [key, seen] of sixteen.byKey) {
    const first = Number(key.slice(1));
    expect(seen).toEqual([first, first + KEYS]);
  }
});
