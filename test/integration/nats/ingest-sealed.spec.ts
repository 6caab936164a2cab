import { describe, expect, it, jest } from '@jest/globals';
import { StorageType, type StreamConfig } from 'nats';

import type { Outcome } from '../../../lib/driver/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { range, results } from '../../support/nats/results.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { BATCH, storedNumbers } from './result-writer.js';
import { StreamRig } from './stream-rig.js';
import { start } from './support.js';

jest.setTimeout(60_000);

const saidUnwritten = (outcome: Outcome): boolean => 'error' in outcome && outcome.error.written === 'no';

whenNative(describe, 'nats')('a stream that takes batches', () => {
  const rig = new StreamRig();

  it('that is sealed in the middle of them has nothing that is said not to be there', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const config = { name, subjects: [`${name}.>`], storage: StorageType.Memory, allow_batched: true };
    const jsm = await rig.admin();
    await jsm.streams.add(config);
    const by = await start(rig.at());
    const unwritten = new Map<string, number[]>();
    let confirmed = 0;
    /** Writes until a result is refused. */
    const write = async (subject: string): Promise<void> => {
      const to = by.definition.destination(toStream(subject));
      for (let from = 0; !unwritten.has(subject); from += BATCH) {
        const outcomes = await by.driver.publish(to, results(BATCH, from));
        confirmed += outcomes.filter((outcome) => !('error' in outcome)).length;
        const numbers = range(BATCH, from).filter((_, index) => saidUnwritten(outcomes[index]!));
        if (outcomes.some((outcome) => 'error' in outcome)) unwritten.set(subject, numbers);
      }
    };
    const subjects = range(4).map((at) => `${name}.${at}`);
    const written = Promise.all(subjects.map(write));
    await until(() => confirmed > 4 * BATCH, { what: 'batches are under way', timeoutMs: 30_000, everyMs: 1 });
    await jsm.streams.update(name, { ...config, sealed: true } as Partial<StreamConfig>);
    await written;
    const found = await storedNumbers(rig.nc, name);
    const there = subjects.map((subject) => {
      const stored = new Set(found.get(subject));
      return unwritten.get(subject)!.filter((number) => stored.has(number)).length;
    });
    expect(there).toEqual([0, 0, 0, 0]);
    expect([...unwritten.values()].flat().length).toBeGreaterThan(0);
  });
});
