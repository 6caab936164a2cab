import assert from 'node:assert/strict';

import type { SourceSpec } from '../addressing.js';
import { type Bench, keep, keyed, numbered } from './bench.js';
import type { Probe } from './probe.js';
import { type DriverPromise, unless } from './promise.js';
import type { Place } from './target.js';
import { until } from './waiting.js';

/** Promises about how much waits for a group. */
export const lagging: readonly DriverPromise[] = [
  {
    id: 'L1',
    text: 'lag counts what a group has not settled, whichever member has it; a source that keeps nothing has none',
    unless: unless.lag,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const group = bench.newGroup();
      const source = place.source({ group });
      const keeper = await bench.read(driver, source, keep);
      await bench.publish(driver, place.destination, ...numbered(3).map(keyed));
      await keeper.has(...numbered(3));
      if (!bench.target.features.durable) {
        assert.equal(await keeper.intake?.lag?.(source, bench.signal), undefined);
        return;
      }
      await hasLag(bench, keeper, source, 3);
      keeper.settle('m0');
      await hasLag(bench, keeper, source, 2);
      await ofAnotherGroup(bench, place);
      await keeper.leave();
      await bench.publish(driver, place.destination, keyed('while it was away'));
      for (const member of [driver, await bench.open()]) {
        const read = place.source({ group });
        await hasLag(bench, await bench.read(member, read, keep), read, 3);
      }
    },
  },
  {
    id: 'L2',
    text: 'lag rejects while the server is away, at the latest when its signal aborts, and answers again after it',
    unless: (target) => unless.lag(target) ?? unless.durable(target) ?? unless.unsteady(target),
    async prove(bench) {
      const { makeDriver, place, cut, mend } = await bench.target.makeUnsteady!();
      const driver = await bench.connect(await makeDriver());
      const source = place.source();
      const probe = await bench.read(driver, source);
      await hasLag(bench, probe, source, 0);
      await cut();
      await bench.hasState('reconnecting');
      await assert.rejects(async () => probe.intake?.lag?.(source, AbortSignal.timeout(LONGEST_MS)));
      await mend();
      await hasLag(bench, probe, source, 0);
    },
  },
];

/** How long a question may take while the server is away, in milliseconds. */
const LONGEST_MS = 2_000;

/** Another group has a lag of its own: here it settles everything. */
async function ofAnotherGroup(bench: Bench, place: Place): Promise<void> {
  const source = place.source();
  const reader = await bench.read(await bench.open(), source);
  await reader.has(...numbered(3));
  await hasLag(bench, reader, source, 0);
}

/** Waits until the lag is this: a commit takes its time, and a question may fail just after an outage. */
async function hasLag(bench: Bench, { intake }: Probe, source: SourceSpec, lag: number): Promise<void> {
  let found: unknown = 'not asked yet';
  await until(
    async () => {
      found = await intake?.lag?.(source, bench.signal).catch((thrown: unknown) => thrown);
      return found === lag;
    },
    () => `the lag is ${String(found)}, not ${lag}`,
    bench.patienceMs,
  );
}
