import { describe, expect, it, jest } from '@jest/globals';

import { stream } from '../../../lib/nats/index.js';
import { range } from '../../support/nats/results.js';
import { until, whenNative } from '../../support/real-brokers.js';
import { ClusterRig, NODES } from './cluster-rig.js';
import { BATCH, ResultWriter, storedNumbers } from './result-writer.js';
import { Collector, outside, start } from './support.js';

jest.setTimeout(120_000);

const KILLS = 3;

whenNative(describe, 'nats')('fast ingest in a cluster of three servers', () => {
  const rig = new ClusterRig();

  it('loses and repeats nothing, in order, while another server than that of the connection is killed with the stream', async () => {
    const nc = await outside(rig.urls[0]);
    await rig.makeStream(nc, { name: 'S', subjects: ['S.>'], num_replicas: 1, allow_batched: true });
    const leader = await rig.leaderOf(nc, 'S');
    const other = rig.urls[(leader + 1) % NODES]!;
    const by = await start({ client: { servers: other }, confirmTimeoutMs: 1_000 });
    const writers = range(3).map((at) => new ResultWriter(by, `S.${at}`, at));
    const count = () => writers.reduce((sum, { confirmed }) => sum + confirmed, 0);

    const written = Promise.all(writers.map((writer) => writer.writeAll()));
    for (let kill = 0; kill < KILLS; kill++) {
      const before = count();
      await until(() => count() > before + 2 * BATCH, { what: 'writers go on', timeoutMs: 30_000 });
      await rig.servers[leader]!.kill();
      await rig.servers[leader]!.start();
    }
    for (const writer of writers) writer.goesOn = false;
    await written;

    const found = await storedNumbers(await outside(other), 'S');
    expect(range(3).map((at) => found.get(`S.${at}`))).toEqual(writers.map(({ made, from }) => range(made, from)));
    // The connection was there all the time.
    expect(by.states).toEqual([]);
    const verdicts = writers.flatMap((writer) => [...writer.verdicts]);
    expect(verdicts.filter((one) => one.endsWith('for good'))).toEqual([]);
    expect(new Set(verdicts).size).toBeGreaterThan(1);
  });

  it('is not used for a stream with replicas, of which the source that asks for it is told', async () => {
    const nc = await outside(rig.urls[0]);
    await rig.makeStream(nc, { name: 'S', subjects: ['S.>'], num_replicas: NODES, allow_batched: true });
    const by = await start({ client: { servers: rig.urls[0]! } });
    const source = by.definition.source(stream('S', { durable: 'd', allowBatched: true, replicas: NODES }));
    await by.subscribe(new Collector(), source);
    const why = 'results for stream S do not go as batches, in spite of allowBatched: it has 3 replicas';
    expect(by.logs).toEqual([{ level: 'warn', message: expect.stringContaining(why) }]);
  });
});
