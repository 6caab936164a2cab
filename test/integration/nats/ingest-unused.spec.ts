import { describe, expect, it, jest } from '@jest/globals';

import { uniqueName, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { Collector, start } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('a source that asks for fast ingest', () => {
  const { at, source } = new StreamRig();

  it('is told why results do not go to its stream as batches, once, where that is created and where it exists', async () => {
    const name = uniqueName('S');
    for (const _run of ['creates', 'finds']) {
      const by = await start(at());
      await by.subscribe(new Collector(), source(by, name, { allowBatched: true, duplicateWindowMs: 5_000 }));
      const why = `results for stream ${name} do not go as batches, in spite of allowBatched: it remembers dedupe ids for 5 s`;
      expect(by.logs).toEqual([{ level: 'warn', message: expect.stringContaining(why) }]);
    }
  });

  it('is told nothing where they do', async () => {
    const by = await start(at());
    await by.subscribe(new Collector(), source(by, uniqueName('S'), { allowBatched: true }));
    expect(by.logs).toEqual([]);
  });
});
