import { describe, expect, it, jest } from '@jest/globals';
import type { Msg, StreamConfig } from 'nats';

import { range } from '../../support/nats/results.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { BATCH, ResultWriter, storedNumbers } from './result-writer.js';
import { StreamRig } from './stream-rig.js';
import { start } from './support.js';

jest.setTimeout(120_000);

const TIMES = 8;
const WRITERS = 4;

whenNative(describe, 'nats')('a stream that takes batches', () => {
  const rig = new StreamRig();

  const configOf = (name: string, batched = true): Partial<StreamConfig> & { name: string } => {
    const config = { name, subjects: [`${name}.>`], allow_batched: batched };
    return config;
  };
  /** Two applications with two destinations each. `act` is called while batches are open. */
  const writeWhile = async (name: string, act: (time: number) => Promise<unknown>): Promise<ResultWriter[]> => {
    await (await rig.admin()).streams.add(configOf(name));
    const options = { ...rig.at(), confirmTimeoutMs: 500 };
    const drivers = [await start(options), await start(options)];
    const writers = range(WRITERS).map((at) => new ResultWriter(drivers[at % 2]!, `${name}.${at}`, at));
    const count = () => writers.reduce((sum, { confirmed }) => sum + confirmed, 0);
    const written = Promise.all(writers.map((writer) => writer.writeAll()));
    for (let time = 0; time < TIMES; time++) {
      const before = count();
      await until(() => count() > before + BATCH, { what: 'writers go on', timeoutMs: 30_000, everyMs: 5 });
      await act(time);
    }
    for (const writer of writers) writer.goesOn = false;
    await written;
    return writers;
  };

  it('has all results once and in order where allow_batched is turned off and on in the middle of batches', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await rig.admin();
    const writers = await writeWhile(name, (time) => jsm.streams.update(name, configOf(name, time % 2 === 1)));
    const found = await storedNumbers(rig.nc, name);
    expect(range(WRITERS).map((at) => found.get(`${name}.${at}`))).toEqual(
      writers.map(({ made, from }) => range(made, from)),
    );
    const verdicts = writers.flatMap((writer) => [...writer.verdicts]);
    expect(verdicts.filter((one) => one.endsWith('for good'))).toEqual([]);
  });

  /** So many results of each destination went as batches, one after the other: none is a single publish now. */
  const goAsBatches = async (name: string, least: number): Promise<void> => {
    const batched = new Map<string, number>();
    const each = (_: Error | null, { subject, reply }: Msg): void => {
      batched.set(subject, reply?.endsWith('.$FI') === true ? (batched.get(subject) ?? 0) + 1 : 0);
    };
    const watch = rig.nc.subscribe(`${name}.*`, { callback: each });
    const all = (): boolean => batched.size === WRITERS && [...batched.values()].every((count) => count >= least);
    await until(all, { what: 'results go as batches', timeoutMs: 30_000, everyMs: 5 });
    watch.unsubscribe();
  };

  // See findings/nats-stream-deleted-silent.sh. What is sent as no part of a batch may be stored in another order, of which
  // a second deletion leaves a gap.
  it('has all results from some on, once and in order, where it is deleted and made again in the middle of batches', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await rig.admin();
    const writers = await writeWhile(name, async () => {
      await goAsBatches(name, 2 * BATCH);
      await jsm.streams.delete(name);
      await jsm.streams.add(configOf(name));
    });
    const found = await storedNumbers(rig.nc, name);
    for (const [at, { made, from }] of writers.entries()) {
      const numbers = found.get(`${name}.${at}`) ?? [];
      const first = numbers[0] ?? from + made;
      expect(numbers).toEqual(range(from + made - first, first));
    }
  });
});
